import type { Bus } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import { type Consumed, deadLetterTopic } from './dead-letter.js';
import { markersTopic } from './dead-letter-markers.js';
import { countMarked } from './dead-letters.js';

/** The number of a consumer group's dead letters that have been neither redriven nor discarded. */
export interface PendingCount {
  /** The topic that the records were consumed from. */
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  /** Undefined while the bus is unavailable. */
  readonly pending?: number;
}

/** Counts pending dead letters: records of the dead-letter topic minus those marked as redriven or discarded. */
export class PendingDeadLetters {
  private readonly latest = cached(() => this.count());
  /** By topic of markers: its number of records, and of distinct markers among them, when last counted. */
  private readonly markers = new Map<string, { readonly records: number; readonly distinct: number }>();

  constructor(
    private readonly bus: Bus,
    private readonly consumed: readonly Consumed[],
  ) {}

  /** Returns the current counts. Never throws and never waits long. */
  async counts(): Promise<readonly PendingCount[]> {
    const counts = await this.latest();
    return this.consumed.map(({ topic, group }) => {
      const deadLetters = deadLetterTopic({ topic, group });
      const pending = counts?.get(deadLetters);
      return { topic, group, deadLetterTopic: deadLetters, ...(pending !== undefined && { pending }) };
    });
  }

  private async count(): Promise<ReadonlyMap<string, number>> {
    const topics = this.consumed.flatMap((each) => [deadLetterTopic(each), markersTopic(each)]);
    const records = await this.bus.countRecords(topics);
    const pending = new Map<string, number>();
    for (const each of this.consumed) {
      const deadLetters = records.get(deadLetterTopic(each)) ?? 0;
      const marked = await this.countMarked(each, records.get(markersTopic(each)) ?? 0);
      pending.set(deadLetterTopic(each), Math.max(0, deadLetters - marked));
    }
    return pending;
  }

  /** Concurrent commands may mark a dead letter twice, so markers are read, not counted, when there are new ones. */
  private async countMarked(consumed: Consumed, records: number): Promise<number> {
    const topic = markersTopic(consumed);
    const known = this.markers.get(topic);
    if (records === 0 || known?.records === records) return known?.distinct ?? 0;
    const distinct = await countMarked(this.bus, consumed);
    this.markers.set(topic, { records, distinct });
    return distinct;
  }
}
