import type { Outbox, PendingAggregate } from '../aggregate/aggregates.js';
import type { RelayQueue } from './relay-queue.js';
import type { AggregatesSetAside } from './set-aside.js';

/** Aggregates that are read, and queued, at a time: few, because other instances may be about to do the same. */
const PAGE = 250;
/**
 * Every eighth scan begins with the oldest event instead of a random time: one odd timestamp may hide all the others.
 */
const FULL_SCAN_INTERVAL = 8;
/** Most events of one aggregate that are queued at a time, so that it does not hold up the others. */
const MAX_EVENTS = 50;
/** Characters of JSON that are queued at a time. */
const MAX_LENGTH = 4 * 1024 ** 2;
/** Most aggregates that are remembered as pending, possibly about to be published by another instance. */
const MAX_SEEN = 10_000;

interface Seen {
  /** Version of the oldest pending event. */
  readonly version: number;
  /** By this process's monotonic clock. */
  readonly at: number;
}

/**
 * Finds events in an outbox that no instance publishes: after a crash, or when a queue was full. It queues an event
 * that has been pending long enough by this process's monotonic clock, or immediately if its timestamp is old. A wrong
 * timestamp may cause a duplicate, but never keeps an event from being published.
 *
 * Instances do not coordinate. Each starts its scan at a random time, and reads events just before it publishes them,
 * so that two rarely publish the same event.
 */
export class Sweeper {
  private readonly seen = new Map<string, Seen>();
  private readonly wanted = new Set<string>();
  /** After a crash no other instance publishes the pending events, so the first scan's events are due immediately. */
  private isFirst = true;
  private scans = 0;

  /** @param patience returns for how many milliseconds an event is left to the instance that committed it */
  constructor(
    private readonly outbox: Outbox,
    private readonly queue: RelayQueue,
    private readonly aside: AggregatesSetAside,
    private readonly patience: () => number,
  ) {}

  /** Requests that the next {@link sweep} queues the oldest pending events of an aggregate. */
  want(id: string): void {
    if (this.wanted.size < MAX_SEEN) this.wanted.add(id);
  }

  /** True if aggregates have been requested. */
  get hasRequests(): boolean {
    return this.wanted.size > 0;
  }

  /**
   * Queues due events. Returns the newest queued version of each aggregate.
   * @param onlyWanted restricts the sweep to requested aggregates
   */
  async sweep(onlyWanted: boolean): Promise<ReadonlyMap<string, number>> {
    for (const id of this.aside.takeDue()) this.want(id);
    if (this.queue.isFull) return new Map();
    if (!onlyWanted && !this.hasRequests && this.due().size === 0) await this.scan();
    return this.take(onlyWanted ? new Map<string, Seen>() : this.due());
  }

  private async scan(): Promise<void> {
    if (this.seen.size > MAX_SEEN - 2 * PAGE) return;
    const ends = await this.outbox.ends();
    this.scans += 1;
    const isFullScan = this.scans % FULL_SCAN_INTERVAL === 0;
    const from = ends && !isFullScan ? randomTimeBetween(ends.oldest.time, ends.newest.time) : '';
    const page = ends ? await this.outbox.pendingAggregates(from, PAGE) : [];
    const others = from !== '' && page.length < PAGE ? await this.outbox.pendingAggregates('', PAGE) : [];
    for (const aggregate of [...page, ...others]) this.remember(aggregate);
    this.isFirst = false;
  }

  private async take(due: Map<string, Seen>): Promise<ReadonlyMap<string, number>> {
    const taken = new Map<string, number>();
    const wanted = new Set([...this.wanted].slice(0, PAGE));
    const ids = new Set([...wanted, ...due.keys()]);
    if (ids.size === 0) return taken;
    for (const id of ids) this.forget(id);
    let length = 0;
    for await (const { id, pending } of this.outbox.unpublished({ ids: [...ids], maxEvents: MAX_EVENTS })) {
      ids.delete(id);
      // Otherwise another instance has published it meanwhile, and may be about to publish the rest.
      if (!wanted.has(id) && due.get(id)?.version !== pending[0]?.version) continue;
      if (this.aside.holds(id)) continue;
      const queued = pending.filter((event) => this.queue.push({ ...event, id }));
      if (queued.length < pending.length || pending.length === MAX_EVENTS) this.want(id);
      taken.set(id, queued.at(-1)?.version ?? 0);
      length += pending.reduce((sum, { json }) => sum + json.length, 0);
      if (!this.queue.isFull && length < MAX_LENGTH) continue;
      for (const left of ids) {
        const seen = wanted.has(left) ? undefined : due.get(left);
        if (seen) this.seen.set(left, seen);
        else this.want(left);
      }
      return taken;
    }
    // These have no pending events any more.
    for (const id of ids) this.aside.release(id);
    return taken;
  }

  private forget(id: string): void {
    this.wanted.delete(id);
    this.seen.delete(id);
  }

  private remember({ id, version, time }: PendingAggregate): void {
    if (this.aside.has(id) || this.seen.get(id)?.version === version) return;
    const isOld = this.isFirst || Date.parse(time) < Date.now() - this.patience();
    this.seen.set(id, { version, at: isOld ? -Infinity : performance.now() });
  }

  private due(): Map<string, Seen> {
    const until = performance.now() - this.patience();
    const due = new Map<string, Seen>();
    for (const [id, seen] of this.seen) {
      if (due.size === PAGE) break;
      if (seen.at <= until) due.set(id, seen);
    }
    return due;
  }
}

/** Returns a random time between two; '' if they are not valid times. */
function randomTimeBetween(oldest: string, newest: string): string {
  const [begin, end] = [Date.parse(oldest), Date.parse(newest)];
  const time = begin + Math.random() * (end - begin);
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
}
