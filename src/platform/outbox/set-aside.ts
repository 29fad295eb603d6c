import type { DependencyHealth } from '../tools/dependency.js';
import type { Queued } from './relay-queue.js';

/** An aggregate whose next event the log refuses. */
export interface SetAside {
  readonly id: string;
  readonly version: number;
  readonly bytes: number;
  /** RFC 3339; time of the first refusal. */
  readonly since: string;
}

interface Held extends SetAside {
  /** By the process's monotonic clock. */
  retryAt: number;
  isTried: boolean;
}

/**
 * Aggregates that are set aside so that others continue: the log refuses their next event, and later events must wait
 * for it. They are retried periodically, because the topic's limit may be raised.
 */
export class AggregatesSetAside {
  private readonly held = new Map<string, Held>();

  /** @param retryAfter milliseconds until an aggregate is retried */
  constructor(private readonly retryAfter: number) {}

  get list(): readonly SetAside[] {
    return [...this.held.values()].map(({ id, version, bytes, since }) => ({ id, version, bytes, since }));
  }

  get size(): number {
    return this.held.size;
  }

  /** Returns true if the aggregate is set aside, even while it is being retried. */
  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Returns true if the aggregate must not be published now. */
  holds(id: string): boolean {
    return this.held.get(id)?.isTried === false;
  }

  /** Returns true if this event was not set aside before. */
  add({ id, version, json }: Queued): boolean {
    const before = this.held.get(id);
    const since = before?.version === version ? before.since : new Date().toISOString();
    const retryAt = performance.now() + this.retryAfter;
    this.held.set(id, { id, version, bytes: Buffer.byteLength(json), since, retryAt, isTried: false });
    return before?.version !== version;
  }

  /** Returns the aggregates that are due for a retry, and marks them as being retried. */
  takeDue(): string[] {
    const now = performance.now();
    const due = [...this.held.values()].filter(({ retryAt }) => retryAt <= now);
    for (const held of due) Object.assign(held, { isTried: true, retryAt: now + this.retryAfter });
    return due.map(({ id }) => id);
  }

  /** Returns true if the aggregate was set aside. */
  release(id: string): boolean {
    return this.held.delete(id);
  }
}

/** Most aggregates that the health detail names. */
const MAX_NAMED = 3;

/** Returns their readiness check. Other aggregates continue, so the process is only degraded. */
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
