import type { Outbox, PendingAggregate } from '../aggregate/aggregates.js';
import type { RelayQueue } from './relay-queue.js';
import type { AggregatesSetAside } from './set-aside.js';

/** Aggregates that are looked at, and taken up, at a time: few, for other instances may be about to do the same. */
const PAGE = 250;
/** One look of so many begins with the oldest, and not at a place at random: one odd time may keep it from all the others. */
const FROM_BEGINNING = 8;
/** Events that are taken of an aggregate at a time, so that one with many does not hold up the others. */
const MAX_EVENTS = 50;
/** Characters of JSON that are taken up at a time. */
const MAX_LENGTH = 4 * 1024 ** 2;
/** Aggregates that were seen and may be somebody else's to publish. */
const MAX_SEEN = 10_000;

interface Seen {
  /** Of the oldest event that was pending then. */
  readonly version: number;
  /** By this process's monotonic clock. */
  readonly at: number;
}

/**
 * Finds in an outbox what nobody publishes: what a crash has left, and what had no room in a queue. An event is taken up
 * when it has been seen for long enough by this process's own clock, which never goes back; also at once, where its time
 * says that it is old. That may be wrong, and then costs a duplicate: it keeps nothing from being published.
 *
 * Instances do not agree on who takes what. Each begins at a place of its own, and reads events just before it publishes
 * them, so that they rarely take up the same.
 */
export class Sweeper {
  private readonly seen = new Map<string, Seen>();
  private readonly wanted = new Set<string>();
  /** Nobody else publishes what a crash has left, so what the first look finds is taken at once. */
  private isFirst = true;
  private looks = 0;

  /** @param sweepAfter milliseconds that an event is left to the instance that committed it */
  constructor(
    private readonly outbox: Outbox,
    private readonly queue: RelayQueue,
    private readonly aside: AggregatesSetAside,
    private readonly sweepAfter: number,
  ) {}

  /** Has the next {@link sweep} take up the oldest events that an aggregate has pending. */
  want(id: string): void {
    if (this.wanted.size < MAX_SEEN) this.wanted.add(id);
  }

  /** Something is wanted. */
  get isAsked(): boolean {
    return this.wanted.size > 0;
  }

  /**
   * Queues what is to be taken up. Answers the newest version that it took of each aggregate.
   * @param onlyWanted leaves out what nobody has asked for
   */
  async sweep(onlyWanted: boolean): Promise<ReadonlyMap<string, number>> {
    for (const id of this.aside.takeDue()) this.want(id);
    if (this.queue.isFull) return new Map();
    if (!onlyWanted && !this.isAsked && this.due().size === 0) await this.look();
    return this.take(onlyWanted ? new Map<string, Seen>() : this.due());
  }

  private async look(): Promise<void> {
    if (this.seen.size > MAX_SEEN - 2 * PAGE) return;
    const ends = await this.outbox.ends();
    this.looks += 1;
    const isFromBeginning = this.looks % FROM_BEGINNING === 0;
    const from = ends && !isFromBeginning ? placeBetween(ends.oldest.time, ends.newest.time) : '';
    const page = ends ? await this.outbox.pendingAggregates(from, PAGE) : [];
    const others = from !== '' && page.length < PAGE ? await this.outbox.pendingAggregates('', PAGE) : [];
    for (const waiting of [...page, ...others]) this.remember(waiting);
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
      // Otherwise somebody has published it meanwhile, and is perhaps about to publish the rest.
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
    // Nothing of these waits any more.
    for (const id of ids) this.aside.release(id);
    return taken;
  }

  private forget(id: string): void {
    this.wanted.delete(id);
    this.seen.delete(id);
  }

  private remember({ id, version, time }: PendingAggregate): void {
    if (this.aside.has(id) || this.seen.get(id)?.version === version) return;
    const isOld = this.isFirst || Date.parse(time) < Date.now() - this.sweepAfter;
    this.seen.set(id, { version, at: isOld ? -Infinity : performance.now() });
  }

  private due(): Map<string, Seen> {
    const until = performance.now() - this.sweepAfter;
    const due = new Map<string, Seen>();
    for (const [id, seen] of this.seen) {
      if (due.size === PAGE) break;
      if (seen.at <= until) due.set(id, seen);
    }
    return due;
  }
}

/** A time between two, at random; '' where they are no times. */
function placeBetween(oldest: string, newest: string): string {
  const [begin, end] = [Date.parse(oldest), Date.parse(newest)];
  const place = begin + Math.random() * (end - begin);
  return Number.isNaN(place) ? '' : new Date(place).toISOString();
}
