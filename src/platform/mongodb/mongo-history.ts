import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { type History, type HistoryEntry, historyKey, historyRange } from '../history/history.js';
import type { Auditable } from '../replay/auditable.js';
import { MongoAudit } from './mongo-audit.js';
import { isDuplicateKey, refusal } from './mongo-errors.js';
import { read } from './mongo-read.js';
import { BATCHES, groupedWrites, type Write } from './mongo-writes.js';

export type HistoryDocument<State> = HistoryEntry<State> & { _id: string };
type Operation<State> = AnyBulkWriteOperation<HistoryDocument<State>>;

/** A history in one MongoDB collection, with no index but the one on its key. */
export class MongoHistory<State> implements History<State> {
  private readonly write: Write<HistoryDocument<State>>;

  constructor(private readonly collection: Collection<HistoryDocument<State>>) {
    this.write = groupedWrites(collection, BATCHES);
  }

  async append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    const operations = entries.map((entry) => ({
      insertOne: { document: { _id: historyKey(entry.id, entry.version), ...entry } },
    })) as unknown as Operation<State>[];
    const refused = (await this.write(operations)).filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
  }

  async forget(id: string, before: number): Promise<void> {
    const { after } = historyRange(id);
    const filter = { _id: { $gt: after, $lt: historyKey(id, before) } };
    const operation = { updateMany: { filter, update: { $unset: { state: '' } } } };
    const [refused] = await this.write([operation as object as Operation<State>]);
    if (refused) throw refusal([refused]);
  }

  async page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    const options = { ...WITHOUT_KEY, limit, batchSize: limit };
    const documents = await read(() => this.collection.find(this.range(id, after), options).sort({ _id: 1 }).toArray());
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

  /** Lets the entries be held against the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>);
  }

  private async findOne(filter: object): Promise<HistoryEntry<State> | undefined> {
    const newestFirst = { ...WITHOUT_KEY, sort: { _id: -1 } } as const;
    const document = await read(() => this.collection.findOne(filter, newestFirst));
    return (document ?? undefined) as HistoryEntry<State> | undefined;
  }

  private range(id: string, version: number): object {
    const { after, before } = historyRange(id, version);
    return { _id: { $gt: after, $lt: before } };
  }
}

const WITHOUT_KEY = { projection: { _id: 0 } } as const;
