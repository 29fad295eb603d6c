import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import { type History, type HistoryEntry, historyKey, historyRange } from '../history/history.js';
import { asNotStorable, isDuplicateKey, orUnavailable } from './mongo-errors.js';

export type HistoryDocument<State> = HistoryEntry<State> & { _id: string };

/** A history in one MongoDB collection, with no index but the one on its key. */
export class MongoHistory<State> implements History<State> {
  constructor(private readonly collection: Collection<HistoryDocument<State>>) {}

  async append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    if (entries.length === 0) return;
    const operations = entries.map((entry) => ({
      insertOne: { document: { _id: historyKey(entry.id, entry.version), ...entry } },
    })) as unknown as AnyBulkWriteOperation<HistoryDocument<State>>[];
    try {
      await orUnavailable(() => this.collection.bulkWrite(operations, { ordered: false }));
    } catch (error) {
      const failures = (error as Partial<MongoBulkWriteError>).writeErrors;
      if (failures === undefined || ![failures].flat().every(isDuplicateKey)) throw asNotStorable(error);
    }
  }

  async forget(id: string, before: number): Promise<void> {
    const { after } = historyRange(id);
    const earlier = { _id: { $gt: after, $lt: historyKey(id, before) } } as object;
    await orUnavailable(() => this.collection.updateMany(earlier, { $unset: { state: '' } } as object));
  }

  async page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    const documents = await orUnavailable(() =>
      this.collection.find(this.range(id, after), WITHOUT_KEY).sort({ _id: 1 }).limit(limit).toArray(),
    );
    return documents as unknown as HistoryEntry<State>[];
  }

  find(id: string, version: number): Promise<HistoryEntry<State> | undefined> {
    return this.findOne({ _id: historyKey(id, version) });
  }

  findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined> {
    return this.findOne({ ...this.range(id, 0), time: { $lte: time } });
  }

  async newestVersion(id: string): Promise<number> {
    return (await this.findOne(this.range(id, 0)))?.version ?? 0;
  }

  private async findOne(filter: object): Promise<HistoryEntry<State> | undefined> {
    const newestFirst = { ...WITHOUT_KEY, sort: { _id: -1 } } as const;
    const document = await orUnavailable(() => this.collection.findOne(filter, newestFirst));
    return (document ?? undefined) as HistoryEntry<State> | undefined;
  }

  private range(id: string, version: number): object {
    const { after, before } = historyRange(id, version);
    return { _id: { $gt: after, $lt: before } };
  }
}

const WITHOUT_KEY = { projection: { _id: 0 } } as const;
