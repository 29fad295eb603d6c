import type { Bus } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import { type Consumed, deadLetterTopic, receiptTopic } from './dead-letter.js';
import { readReceipts } from './dead-letters.js';

/** How many dead letters of a consumer group wait to be redriven. */
export interface PendingCount {
  /** The topic that the records were in. */
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  /** Undefined while the bus does not tell. */
  readonly waiting?: number;
}

/** How many dead letters wait: those in the log, less those that have a receipt there. */
export class PendingDeadLetters {
  private readonly latest = cached(() => this.count());
  /** By topic of receipts: how many records it held when the different receipts among them were counted. */
  private readonly receipts = new Map<string, { readonly records: number; readonly different: number }>();

  constructor(
    private readonly bus: Bus,
    private readonly consumed: readonly Consumed[],
  ) {}

  /** Never throws, and never takes long. */
  async counts(): Promise<readonly PendingCount[]> {
    const waiting = await this.latest();
    return this.consumed.map(({ topic, group }) => {
      const letters = deadLetterTopic({ topic, group });
      const count = waiting?.get(letters);
      return { topic, group, deadLetterTopic: letters, ...(count !== undefined && { waiting: count }) };
    });
  }

  private async count(): Promise<ReadonlyMap<string, number>> {
    const topics = this.consumed.flatMap((each) => [deadLetterTopic(each), receiptTopic(each)]);
    const records = await this.bus.countRecords(topics);
    const waiting = new Map<string, number>();
    for (const each of this.consumed) {
      const letters = records.get(deadLetterTopic(each)) ?? 0;
      const redriven = await this.differentReceipts(each, records.get(receiptTopic(each)) ?? 0);
      waiting.set(deadLetterTopic(each), Math.max(0, letters - redriven));
    }
    return waiting;
  }

  /** Two who redrive at once may both write a receipt for a letter; so receipts are read, when there are new ones. */
  private async differentReceipts(consumed: Consumed, records: number): Promise<number> {
    const topic = receiptTopic(consumed);
    const known = this.receipts.get(topic);
    if (records === 0 || known?.records === records) return known?.different ?? 0;
    const different = (await readReceipts(this.bus, consumed)).size;
    this.receipts.set(topic, { records, different });
    return different;
  }
}
