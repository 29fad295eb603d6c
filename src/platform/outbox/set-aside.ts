import type { DependencyHealth } from '../tools/dependency.js';
import type { Queued } from './relay-queue.js';

/** An aggregate of which the log refuses an event: that event, and since when. */
export interface SetAside {
  readonly id: string;
  readonly version: number;
  readonly bytes: number;
  /** RFC 3339 */
  readonly since: string;
}

interface Held extends SetAside {
  /** By the process's monotonic clock. */
  retryAt: number;
  isTried: boolean;
}

/**
 * The aggregates that wait apart, so that the others go on: the log refuses the event that is next of them, and what
 * follows on that waits behind it. They are tried again from time to time, for a topic may be made to take more.
 */
export class AggregatesSetAside {
  private readonly held = new Map<string, Held>();

  /** @param retryAfter milliseconds until an aggregate is tried again */
  constructor(private readonly retryAfter: number) {}

  get list(): readonly SetAside[] {
    return [...this.held.values()].map(({ id, version, bytes, since }) => ({ id, version, bytes, since }));
  }

  get size(): number {
    return this.held.size;
  }

  /** Also of an aggregate that is being tried again. */
  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Nothing of it may be published now. */
  holds(id: string): boolean {
    return this.held.get(id)?.isTried === false;
  }

  /** Answers whether it is new here. */
  add({ id, version, json }: Queued): boolean {
    const before = this.held.get(id);
    const since = before?.version === version ? before.since : new Date().toISOString();
    const retryAt = performance.now() + this.retryAfter;
    this.held.set(id, { id, version, bytes: Buffer.byteLength(json), since, retryAt, isTried: false });
    return before?.version !== version;
  }

  /** Those whose time has come; they are being tried again from now on. */
  takeDue(): string[] {
    const now = performance.now();
    const due = [...this.held.values()].filter(({ retryAt }) => retryAt <= now);
    for (const held of due) Object.assign(held, { isTried: true, retryAt: now + this.retryAfter });
    return due.map(({ id }) => id);
  }

  /** Answers whether it was here. */
  release(id: string): boolean {
    return this.held.delete(id);
  }
}

/** Aggregates that a detail names. */
const MAX_NAMED = 3;

/** What readiness says of them: everything else goes on, so the process is no more than degraded. */
export function setAsideHealth(topic: string, setAside: readonly SetAside[]): DependencyHealth {
  if (setAside.length === 0) return { up: true };
  const named = setAside
    .slice(0, MAX_NAMED)
    .map(({ id, version, bytes }) => `${id} (version ${version}, ${bytes} bytes)`);
  const others = setAside.length > MAX_NAMED ? ` and ${setAside.length - MAX_NAMED} more` : '';
  return {
    up: false,
    detail: `${topic} refuses events for their size (max.message.bytes): ${named.join(', ')}${others}`,
  };
}
