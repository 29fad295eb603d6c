import type { PendingEvent } from '../aggregate/aggregates.js';

/** An event to be published. */
export interface Queued extends PendingEvent {
  /** Id of its aggregate. */
  readonly id: string;
  /** When this process committed it, by its monotonic clock, in milliseconds; undefined if another did. */
  readonly since?: number;
}

export interface QueueLimits {
  /** Most events in memory; further commits are left to the sweeper. */
  readonly maxQueued: number;
  /** Most characters of JSON in memory; further commits are left to the sweeper. */
  readonly maxQueuedLength: number;
}

/** Aggregates whose newest trimmed version is remembered: several seconds' worth at full load. */
const MAX_TRIMMED = 10_000;

/**
 * The events in memory that are to be published, and the newest version of each aggregate among them. Before a caller
 * pushes an event, all earlier events of its aggregate must have been pushed or published.
 */
export class RelayQueue {
  private events: Queued[] = [];
  /** Characters of JSON in the queue. */
  private length = 0;
  /** Newest version of each aggregate that is queued, being published or not trimmed yet. */
  private readonly newest = new Map<string, number>();
  /** Newest trimmed version of each aggregate, the most recently trimmed last. */
  private readonly trimmed = new Map<string, number>();

  constructor(private readonly limits: QueueLimits) {}

  get size(): number {
    return this.events.length;
  }

  get isFull(): boolean {
    return this.events.length >= this.limits.maxQueued || this.length >= this.limits.maxQueuedLength;
  }

  /** Returns the version up to which an aggregate is known to be queued or in the log. */
  reached(id: string): number {
    return Math.max(this.newest.get(id) ?? 0, this.trimmed.get(id) ?? 0);
  }

  /** Returns true if this version is the aggregate's newest that is queued, being published or not trimmed yet. */
  endsWith(id: string, version: number): boolean {
    return this.newest.get(id) === version;
  }

  /** Returns false if the queue is full. An event that is already queued is not queued again. */
  push(event: Queued): boolean {
    if (event.version <= (this.newest.get(event.id) ?? 0)) return true;
    if (this.isFull) return false;
    this.events.push(event);
    this.length += event.json.length;
    this.newest.set(event.id, event.version);
    return true;
  }

  /** Removes and returns the next events. */
  take(count: number): Queued[] {
    const taken = this.events.slice(0, count);
    this.events = this.events.slice(count);
    this.length -= lengthOf(taken);
    return taken;
  }

  /** Removes an aggregate's events, because they cannot be published now. */
  drop(id: string): void {
    const kept = this.events.filter((event) => event.id !== id);
    this.length -= lengthOf(this.events) - lengthOf(kept);
    this.events = kept;
    this.newest.delete(id);
  }

  /** Records that events up to these versions are in the log and, if `areTrimmed`, no longer in the outbox. */
  settle(published: ReadonlyMap<string, number>, areTrimmed: boolean): void {
    for (const [id, version] of published) {
      if (this.newest.get(id) === version) this.newest.delete(id);
      if (!areTrimmed) continue;
      this.trimmed.delete(id);
      this.trimmed.set(id, version);
    }
    for (const id of this.trimmed.keys()) {
      if (this.trimmed.size <= MAX_TRIMMED) return;
      this.trimmed.delete(id);
    }
  }
}

function lengthOf(events: readonly Queued[]): number {
  return events.reduce((sum, { json }) => sum + json.length, 0);
}
