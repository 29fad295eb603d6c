import type { Db } from 'mongodb';
import type { PartitionPins } from '../log/partition-pins.js';
import { orUnavailable } from './errors.js';

/** A topic that the context uses, and its number of partitions. */
interface TopicDocument {
  readonly _id: string;
  readonly partitions: number;
}

/** Stores partition counts in the collection `topics` of a context's database. */
export class MongoPins implements PartitionPins {
  constructor(private readonly db: Pick<Db, 'collection'>) {}

  async pinned(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await orUnavailable(() => this.topics.find({ _id: { $in: [...topics] } }).toArray());
    return new Map(found.map(({ _id, partitions }) => [_id, partitions]));
  }

  async pin(partitions: ReadonlyMap<string, number>): Promise<void> {
    const writes = [...partitions].map(([_id, number]) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: { partitions: number } }, upsert: true },
    }));
    if (writes.length > 0) await orUnavailable(() => this.topics.bulkWrite(writes, { ordered: false }));
  }

  private get topics() {
    return this.db.collection<TopicDocument>('topics');
  }
}
