import type { PendingEvent } from '../aggregate/aggregates.js';

/** An event on its way to the log. */
export interface Queued extends PendingEvent {
  /** Of its aggregate. */
  readonly id: string;
}

export interface QueueLimits {
  /** Most events in memory; what a commit hands over past that is left to the sweeper. */
  readonly maxQueued: number;
  /** Most characters of JSON that these have together; what goes beyond is left to the sweeper, too. */
  readonly maxQueuedLength: number;
}

/** Aggregates whose newest trimmed version is remembered: those of several seconds under full load. */
const MAX_TRIMMED = 10_000;

/**
 * The events that wait in memory to be published, and how far each aggregate has come. Whoever pushes an event has
 * pushed all that its aggregate has pending before it, or knows that it is in the log.
 */
export class RelayQueue {
  private events: Queued[] = [];
  /** Characters of JSON in the queue. */
  private length = 0;
  /** The newest version of each aggregate that is queued, being published or not trimmed yet. */
  private readonly newest = new Map<string, number>();
  /** The newest version that was trimmed of each aggregate, the latest trimmed last. */
  private readonly trimmed = new Map<string, number>();

  constructor(private readonly limits: QueueLimits) {}

  get size(): number {
    return this.events.length;
  }

  get isFull(): boolean {
    return this.events.length >= this.limits.maxQueued || this.length >= this.limits.maxQueuedLength;
  }

  /** The version up to which an aggregate is known to be queued or in the log. */
  reached(id: string): number {
    return Math.max(this.newest.get(id) ?? 0, this.trimmed.get(id) ?? 0);
  }

  /** This is the newest event of the aggregate that is queued, being published or not trimmed yet. */
  endsWith(id: string, version: number): boolean {
    return this.newest.get(id) === version;
  }

  /** False when there is no room; what is queued already is not queued again. */
  push(event: Queued): boolean {
    if (event.version <= (this.newest.get(event.id) ?? 0)) return true;
    if (this.isFull) return false;
    this.events.push(event);
    this.length += event.json.length;
    this.newest.set(event.id, event.version);
    return true;
  }

  /** Takes out the next events. */
  take(count: number): Queued[] {
    const taken = this.events.slice(0, count);
    this.events = this.events.slice(count);
    this.length -= lengthOf(taken);
    return taken;
  }

  /** Forgets an aggregate that cannot be published now. */
  drop(id: string): void {
    const kept = this.events.filter((event) => event.id !== id);
    this.length -= lengthOf(this.events) - lengthOf(kept);
    this.events = kept;
    this.newest.delete(id);
  }

  /** Events up to these versions are in the log, and are gone from the outbox if they are trimmed. */
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
