import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import {
  chainOf,
  type ForgottenChange,
  forgottenBefore,
  type ForkedVersion,
  forkKey,
  FORKS,
  type History,
  type HistoryEntry,
  historyKey,
  historyRange,
  isOtherEvent,
  ofHistoryKey,
  type ListedChange,
  type StoredChange,
} from '../views/history.js';
import type { BoundedItems } from '../views/listing.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { MongoAudit } from './audit.js';
import { isDuplicateKey, refusal } from './errors.js';
import { Pages } from './pages.js';
import { read } from './reads.js';
import { BATCH_LIMITS, groupCommit, type Write } from './writes.js';

export type HistoryDocument<State> = StoredChange<State> & { _id: string };
/** Versions per write when states are deleted. */
const MAX_FORGOTTEN = 1_000;

type Operation<State> = AnyBulkWriteOperation<HistoryDocument<State>>;

/**
 * A history in one MongoDB collection. It needs no index except the one on `_id`. Every condition names the aggregate
 * as well, so that a collection that is sharded by `id` has to be asked on one shard only.
 */
export class MongoHistory<State> implements History<State> {
  private readonly write: Write<HistoryDocument<State>>;
  private readonly pages: Pages<HistoryDocument<State>>;

  constructor(private readonly collection: Collection<HistoryDocument<State>>) {
    this.write = groupCommit(collection, BATCH_LIMITS);
    this.pages = new Pages(collection);
  }

  async append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    const operations = entries.map((entry) => ({
      insertOne: { document: { _id: historyKey(entry.id, entry.version), ...entry } },
    })) as unknown as Operation<State>[];
    const outcomes = await this.write(operations);
    const refused = outcomes.filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
    const met = entries.filter((_, index) => outcomes[index] !== undefined);
    if (met.length > 0) await this.compare(met);
  }

  async forget(id: string, before: number): Promise<void> {
    const forgotten = forgottenBefore(id, before);
    for (let from = 0; from < forgotten.length; from += MAX_FORGOTTEN) {
      await this.forgetSome(forgotten.slice(from, from + MAX_FORGOTTEN));
    }
  }

  async page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    const options = { ...WITHOUT_KEY, limit, batchSize: limit };
    const documents = await read(() => this.collection.find(this.range(id, after), options).sort({ _id: 1 }).toArray());
    return documents as unknown as HistoryEntry<State>[];
  }

  async list(id: string, after: number, limit: number): Promise<BoundedItems<ListedChange>> {
    const query = { filter: this.range(id, after), sort: { _id: 1 }, limit, fields: LISTED } as const;
    return (await this.pages.page(query)) as unknown as BoundedItems<ListedChange>;
  }

  find(id: string, version: number): Promise<HistoryEntry<State> | undefined> {
    return this.findOne({ _id: historyKey(id, version), id, ...RECORDED });
  }

  findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined> {
    return this.findOne({ ...this.range(id, 0), time: { $lte: time } });
  }

  async newestVersion(id: string): Promise<number> {
    return (await this.findOne(this.range(id, 0)))?.version ?? 0;
  }

  async forkedVersions(): Promise<readonly ForkedVersion[]> {
    const filter = { _id: { $gt: FORKS.after, $lt: FORKS.before } } as object;
    const forks = await read(() => this.collection.find(filter, WITHOUT_KEY).sort({ _id: 1 }).toArray());
    return forks as unknown as ForkedVersion[];
  }

  async isForkEnded({ id, version }: ForkedVersion): Promise<boolean> {
    const filter = { ...this.range(id, version), 'extensions.resolves': { $exists: true } };
    return (await this.findOne(filter)) !== undefined;
  }

  /** Gives access to the entries for a comparison with the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>);
  }

  /**
   * Upserts one entry per version, under the key that a later insert would use. Whichever comes first, the state is
   * gone after both, and no read is needed.
   */
  private async forgetSome(changes: readonly ForgottenChange[]): Promise<void> {
    const operations = changes.map((change) => ({
      updateOne: {
        filter: { _id: historyKey(change.id, change.version), id: change.id },
        update: { $unset: { state: '' }, $setOnInsert: change },
        upsert: true,
      },
    })) as unknown as Operation<State>[];
    const outcomes = await this.write(operations);
    const refused = outcomes.filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
    // Another writer inserted it while the server applied the upsert.
    const met = changes.filter((_, index) => outcomes[index] !== undefined);
    if (met.length > 0) await this.forgetSome(met);
  }

  /**
   * Compares changes with the recorded ones. When a change was forgotten before it arrived, records its part of the
   * hash chain; when another event is recorded for its version, records a fork.
   */
  private async compare(entries: readonly HistoryEntry<State>[]): Promise<void> {
    const firsts = new Map([...entries].reverse().map((entry) => [historyKey(entry.id, entry.version), entry]));
    const ids = [...firsts.values()].map(({ id }) => id);
    const filter = { _id: { $in: [...firsts.keys()] }, id: { $in: ids } } as object;
    const options = { projection: { eventId: 1, hash: 1, forgotten: 1 }, batchSize: firsts.size };
    const documents = await read(() => this.collection.find(filter, options).toArray());
    const recorded = new Map(documents.map((document) => [document._id, document]));
    const forgotten = documents.filter((document) => 'forgotten' in document).map(({ _id }) => _id);
    const others = entries.filter((entry) => {
      const key = historyKey(entry.id, entry.version);
      const first = recorded.get(key);
      return isOtherEvent(!first || 'forgotten' in first ? (firsts.get(key) as HistoryEntry) : first, entry);
    });
    const operations = [
      ...forgotten.map((_id) => ({
        updateOne: {
          filter: { _id, id: ofHistoryKey(_id).id, forgotten: true },
          update: { $set: chainOf(firsts.get(_id) as HistoryEntry<State>), $unset: { forgotten: '' } },
        },
      })),
      ...others.map(({ id, version }) => ({
        updateOne: { filter: { _id: forkKey(id, version), id }, update: { $setOnInsert: { version } }, upsert: true },
      })),
    ] as unknown as Operation<State>[];
    if (operations.length === 0) return;
    // A duplicate key means that another writer recorded the same fork.
    const refused = (await this.write(operations)).filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
  }

  private async findOne(filter: object): Promise<HistoryEntry<State> | undefined> {
    const newestFirst = { ...WITHOUT_KEY, sort: { _id: -1 } } as const;
    const document = await read(() => this.collection.findOne(filter, newestFirst));
    return (document ?? undefined) as HistoryEntry<State> | undefined;
  }

  private range(id: string, version: number): object {
    const { after, before } = historyRange(id, version);
    return { _id: { $gt: after, $lt: before }, id, ...RECORDED };
  }
}

const RECORDED = { forgotten: { $exists: false } } as const;
const LISTED: readonly (keyof ListedChange)[] = [
  ...(['version', 'type', 'eventId', 'time', 'changed', 'actor', 'hash', 'partition', 'offset'] as const),
];
const WITHOUT_KEY = { projection: { _id: 0 } } as const;
