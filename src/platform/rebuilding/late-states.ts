import type { CloudEvent } from '../event/cloud-event.js';

/** A logged event whose state is not restored yet. */
export interface LateState {
  readonly id: string;
  /** The event as it is in the log. */
  readonly value: Buffer;
  /** The aggregate's first event was among those that it replaced, so the store is unlikely to have the aggregate. */
  readonly isNew: boolean;
}

/**
 * Restores states.
 * @returns ids of the aggregates whose event cannot be applied
 */
export type RestoreStates = (states: readonly LateState[]) => Promise<readonly string[]>;

/** What is kept back, at most. */
export interface LateLimits {
  readonly events: number;
  /** Of their values in the log. */
  readonly bytes: number;
}

const LIMITS: LateLimits = { events: 50_000, bytes: 48 * 1024 ** 2 };
/** States that are restored together, and how many such batches at the same time. */
const BATCH = 1_000;
const CONCURRENT = 3;

interface Waiting extends LateState {
  readonly version: number;
}

/**
 * Keeps back the states of a rebuild for a while, so that only the newest of each aggregate is opened, checked and
 * written: every event carries the whole state.
 */
export class LateStates {
  /** By aggregate, that which changed least recently first. */
  private readonly waiting = new Map<string, Waiting>();
  private bytes = 0;
  private unread = new Set<string>();

  constructor(
    private readonly restore: RestoreStates,
    private readonly limits = LIMITS,
  ) {}

  /** Adds an event. @param value the event as it is in the log */
  add({ subject: id, sequence }: CloudEvent, value: Buffer): void {
    const version = Number(sequence);
    // A copy of the text: the parsed event takes several times the memory, and the value is a part of a whole batch.
    this.put({ id, version, value: Buffer.from(value), isNew: version === 1 });
  }

  /** Restores the states that have waited longest, until no more than the limits are left. */
  async trim(): Promise<void> {
    const { limits } = this;
    while (this.waiting.size > limits.events || this.bytes > limits.bytes) await this.restoreSome();
  }

  /**
   * Restores all states.
   * @returns ids of the aggregates whose newest event could not be applied, since the last call
   */
  async settle(): Promise<ReadonlySet<string>> {
    const restoreAll = async () => {
      while (this.waiting.size > 0) await this.restoreSome();
    };
    await Promise.all(Array.from({ length: CONCURRENT }, restoreAll));
    const { unread } = this;
    this.unread = new Set();
    return unread;
  }

  private put(added: Waiting): void {
    const { id } = added;
    const there = this.waiting.get(id);
    const isNewer = !there || there.version < added.version;
    const newest = isNewer ? added : there;
    this.waiting.delete(id);
    this.waiting.set(id, { ...newest, isNew: added.isNew || (there?.isNew ?? false) });
    this.bytes += newest.value.length - (there?.value.length ?? 0);
  }

  private async restoreSome(): Promise<void> {
    const some: Waiting[] = [];
    for (const [id, each] of this.waiting) {
      this.waiting.delete(id);
      this.bytes -= each.value.length;
      if (some.push(each) === BATCH) break;
    }
    try {
      for (const id of await this.restore(some)) this.unread.add(id);
    } catch (error) {
      for (const each of some) this.put(each);
      throw error;
    }
  }
}
