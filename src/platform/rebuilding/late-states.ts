import type { CloudEvent } from '../event/cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';
import type { NewestVersions } from './newest-versions.js';

/** A logged event whose state is not restored yet. */
export interface LateState {
  readonly id: string;
  /** The event as it is in the log, as text. */
  readonly text: string;
  /**
   * The store is unlikely to have the aggregate: its first event was among those that this one replaced, or the newest
   * events come first and this is the first.
   */
  readonly isNew: boolean;
}

/**
 * Restores states.
 * @returns ids of the aggregates whose event cannot be applied
 */
export type RestoreStates = (states: readonly LateState[]) => Promise<readonly string[]>;

/** An event as it is in the log, and its offset. */
export type LoggedEvent = Pick<LoggedRecord, 'offset'> & { readonly value: Buffer };

/** What is kept back, at most. */
export interface LateLimits {
  readonly events: number;
  /** Of their texts, which are mostly of one byte a character. */
  readonly bytes: number;
  /** States that are restored together. */
  readonly batch: number;
}

const LIMITS: LateLimits = { events: 50_000, bytes: 48 * 1024 ** 2, batch: 1_000 };
/** Batches that are restored at the same time in the end. */
const CONCURRENT = 3;

/** For a log that is read in windows, the newest first. */
export interface NewestFirst {
  /** What was restored, so that older events are skipped. */
  readonly restored: NewestVersions;
  /**
   * Deletes aggregates. Of two events with one version, the first in the log counts: if that comes after the other was
   * restored, the aggregate is applied again, event by event.
   */
  readonly discard: (states: readonly { readonly id: string; readonly version: number }[]) => Promise<void>;
}

interface Waiting extends LateState {
  readonly version: number;
  readonly offset: number;
}

/**
 * Keeps back the states of a rebuild for a while, so that only the newest of each aggregate is opened, checked and
 * written: every event carries the whole state.
 */
export class LateStates {
  /** By aggregate, that which changed least recently first. */
  private readonly waiting = new Map<string, Waiting>();
  /** Those that are being restored. */
  private readonly inFlight = new Map<string, Waiting>();
  private bytes = 0;
  private unread = new Set<string>();
  /** Versions by aggregate. */
  private contested = new Map<string, number>();
  private readonly running = new Set<Promise<void>>();

  /** @param newestFirst undefined if the log is read in order */
  constructor(
    private readonly restore: RestoreStates,
    private readonly newestFirst?: NewestFirst,
    private readonly limits = LIMITS,
  ) {}

  /** Adds an event. @param value the event as it is in the log */
  add({ subject: id, sequence }: Pick<CloudEvent, 'subject' | 'sequence'>, { value, offset }: LoggedEvent): void {
    const version = Number(sequence);
    const known = this.newestFirst?.restored.of(id);
    if (known && version <= known.version) {
      if (version === known.version && offset < known.offset) this.contested.set(id, version);
      return;
    }
    const there = this.waiting.get(id) ?? this.inFlight.get(id);
    if (there && version <= there.version) {
      const isFirst = version === there.version && offset < there.offset;
      if (!isFirst) {
        if (version === 1 && this.waiting.has(id)) this.waiting.set(id, { ...there, isNew: true });
        return;
      }
      if (!this.waiting.has(id)) {
        this.contested.set(id, version);
        return;
      }
    }
    // As text: the parsed event takes several times the memory, the value is a part of a whole batch, and a copy of it
    // costs more than a string.
    this.put({ id, version, offset, text: value.toString('utf8'), isNew: this.newestFirst ? !known : version === 1 });
  }

  /**
   * Restores some states, until no more than the limits are left. In a log that is read in order, these are some of all:
   * where aggregates change in turns, that which changed least recently is the next to change, and always to take that
   * one would restore every state. In windows, the newest first, it is the one that is the least likely to come again.
   */
  async trim(): Promise<void> {
    const { limits, newestFirst } = this;
    while (this.waiting.size > limits.events || this.bytes > limits.bytes) {
      await this.restoreSome(newestFirst ? 1 : Math.max(1, Math.floor(this.waiting.size / limits.batch)));
    }
  }

  /**
   * Restores all states. When it resolves, nothing is being restored any more, by {@link trim} either.
   * @returns ids of the aggregates whose newest event could not be applied, and those that were discarded, since the last
   *   call that succeeded
   */
  async settle(): Promise<ReadonlySet<string>> {
    const restoreAll = async () => {
      while (this.waiting.size > 0) await this.restoreSome();
    };
    while (this.waiting.size > 0 || this.running.size > 0) {
      const others = [...this.running];
      const outcomes = await Promise.allSettled([...Array.from({ length: CONCURRENT }, restoreAll), ...others]);
      const failed = outcomes.find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    }
    const { contested, unread } = this;
    if (contested.size > 0) {
      await this.newestFirst?.discard([...contested].map(([id, version]) => ({ id, version })));
      for (const id of contested.keys()) unread.add(id);
    }
    this.contested = new Map();
    this.unread = new Set();
    return unread;
  }

  private put(added: Waiting): void {
    const { id } = added;
    const there = this.waiting.get(id);
    const isFirst = there?.version === added.version && added.offset < there.offset;
    const isNewer = !there || there.version < added.version || isFirst;
    const newest = isNewer ? added : there;
    this.waiting.delete(id);
    this.waiting.set(id, { ...newest, isNew: added.isNew || (there?.isNew ?? false) });
    this.bytes += newest.text.length - (there?.text.length ?? 0);
  }

  /** @param step one of so many states is taken, in the order of their last changes */
  private restoreSome(step = 1): Promise<void> {
    const restoring = this.restoreBatch(this.take(step)).finally(() => this.running.delete(restoring));
    this.running.add(restoring);
    return restoring;
  }

  private take(step: number): readonly Waiting[] {
    const some: Waiting[] = [];
    let index = 0;
    for (const [id, each] of this.waiting) {
      index += 1;
      if (index % step !== 0) continue;
      this.waiting.delete(id);
      this.inFlight.set(id, each);
      this.bytes -= each.text.length;
      if (some.push(each) === this.limits.batch) break;
    }
    return some;
  }

  private async restoreBatch(some: readonly Waiting[]): Promise<void> {
    try {
      const unread = new Set(await this.restore(some));
      for (const id of unread) this.unread.add(id);
      // Of the others, an older event may be the newest that can be applied.
      for (const each of some) if (!unread.has(each.id)) this.newestFirst?.restored.add(each.id, each);
    } catch (error) {
      for (const each of some) this.put(each);
      throw error;
    } finally {
      for (const each of some) if (this.inFlight.get(each.id) === each) this.inFlight.delete(each.id);
    }
  }
}
