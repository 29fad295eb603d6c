import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import {
  type Aggregate,
  type Aggregates,
  type Backlog,
  type PendingEvent,
  type RememberedCommand,
  type Restorable,
  type Restored,
  type Saving,
  type Stored,
  type Unlogged,
  type Unpublished,
  VersionConflict,
} from '../aggregate/aggregates.js';
import { coalesce } from '../aggregate/coalesce.js';
import { unavailable } from '../errors.js';
import { type DomainEvent, type EventStream, toCloudEvent } from '../event/cloud-event.js';
import { newestOfEach } from '../projection/projection.js';
import { isDuplicateKey, orUnavailable } from './mongo-errors.js';
import { putWhereNewer } from './put-where-newer.js';

/** One aggregate: its state and, in the same document, the events of it that still wait to be published. */
export interface AggregateDocument<State> {
  _id: string;
  version: number;
  hash?: string;
  state: State;
  pending: PendingEvent[];
  commands: RememberedCommand<State>[];
}

interface Save<State> {
  readonly id: string;
  /** 0: there must be no such aggregate yet. */
  readonly expectedVersion: number;
  readonly state: State;
  readonly entry: PendingEvent;
  readonly commands: readonly RememberedCommand<State>[];
}

type Outcome = 'saved' | 'conflict' | 'refused';

const LIMITS = { maxBatch: 1_000, maxWaiting: 10_000 };

/** The aggregate store and its outbox in one MongoDB collection; saves that wait together are one bulk write. */
export class MongoAggregates<State extends Aggregate, Event extends DomainEvent>
  implements Aggregates<State, Event>, Restorable<State>
{
  readonly topic: string;
  private readonly listeners: ((unpublished: Unpublished) => void)[] = [];
  private readonly enqueue: (save: Save<State>) => Promise<Outcome>;

  constructor(
    private readonly collection: Collection<AggregateDocument<State>>,
    private readonly stream: EventStream,
    limits = LIMITS,
  ) {
    this.topic = stream.topic;
    this.enqueue = coalesce(limits, (saves) => this.write(saves));
  }

  /** Creates what the queries here need. Safe to run again, and on several instances at once. */
  async createIndexes(): Promise<void> {
    // Sparse: a document with nothing pending is not in it, so the sweeper's search is as small as the backlog.
    await orUnavailable(() => this.collection.createIndex({ 'pending.event.time': 1 }, { sparse: true }, {}));
  }

  async find(id: string): Promise<Stored<State> | undefined> {
    const projection = { _id: 0, hash: 1, state: 1, pending: 1, commands: 1 };
    const document = await orUnavailable(() => this.collection.findOne({ _id: id } as object, { projection }));
    return (document as Stored<State> | null) ?? undefined;
  }

  async save(before: Stored<State> | undefined, { state, event, commands }: Saving<State, Event>): Promise<void> {
    const { id, version } = state;
    const entry = {
      version,
      event: toCloudEvent(this.stream, event, { id, version, time: state.updatedAt, prevhash: before?.hash }),
    };
    const outcome = await this.enqueue({ id, expectedVersion: before?.state.version ?? 0, state, entry, commands });
    if (outcome === 'conflict') throw new VersionConflict(id);
    if (outcome === 'refused') throw unavailable('MongoDB refused the write');
    const unpublished = { id, pending: [...(before?.pending ?? []), entry] };
    for (const listener of this.listeners) listener(unpublished);
  }

  onCommit(listener: (unpublished: Unpublished) => void): void {
    this.listeners.push(listener);
  }

  async unpublished(before: string, limit: number): Promise<readonly Unpublished[]> {
    const due = { 'pending.event.time': { $lt: before } } as object;
    const documents = await orUnavailable(() =>
      this.collection
        .find(due, { projection: { pending: 1 } })
        .sort({ 'pending.event.time': 1 })
        .limit(limit)
        .toArray(),
    );
    return documents.map(({ _id, pending }) => ({ id: _id, pending }));
  }

  async trim(published: ReadonlyMap<string, number>): Promise<void> {
    const operations = [...published].map(([_id, version]) => ({
      updateOne: { filter: { _id }, update: { $pull: { pending: { version: { $lte: version } } } } },
    })) as unknown as AnyBulkWriteOperation<AggregateDocument<State>>[];
    if (operations.length === 0) return;
    // A trim that is lost costs one duplicate in the log, so it need not wait for the journal.
    const options = { ordered: false, writeConcern: { w: 1, j: false } } as const;
    await orUnavailable(() => this.collection.bulkWrite(operations, options));
  }

  async backlog(): Promise<Backlog> {
    const waiting = { 'pending.event.time': { $gt: '' } };
    const [total] = await orUnavailable(() =>
      this.collection
        .aggregate<{ events: number; oldest: string }>([
          { $match: waiting },
          {
            $group: {
              _id: null,
              events: { $sum: { $size: '$pending' } },
              oldest: { $min: { $min: '$pending.event.time' } },
            },
          },
        ])
        .toArray(),
    );
    return total ? { events: total.events, oldest: total.oldest } : { events: 0 };
  }

  restore(states: readonly Restored<State>[]): Promise<void> {
    const documents = newestOfEach(states).map(({ id, ...content }) => ({ _id: id, ...content }));
    return putWhereNewer(this.collection as unknown as Collection<never>, documents, { pending: [], commands: [] });
  }

  async *unlogged(ids?: readonly string[]): AsyncGenerator<Unlogged<State>> {
    const some = { $or: [{ 'pending.0': { $exists: true } }, { 'commands.0': { $exists: true } }] };
    const filter = (ids ? { _id: { $in: ids }, ...some } : some) as object;
    for await (const { _id, pending, commands } of this.collection.find(filter, {
      projection: { pending: 1, commands: 1 },
    })) {
      yield { id: _id, pending, commands } as Unlogged<State>;
    }
  }

  async adopt(entries: readonly Unlogged<State>[]): Promise<void> {
    const operations = entries.map(({ id, pending, commands }) => ({
      updateOne: { filter: { _id: id }, update: { $set: { pending, commands } } },
    })) as unknown as AnyBulkWriteOperation<AggregateDocument<State>>[];
    if (operations.length > 0) await orUnavailable(() => this.collection.bulkWrite(operations, { ordered: false }));
  }

  private async write(saves: readonly Save<State>[]): Promise<readonly Outcome[]> {
    const operations = saves.map(toOperation) as unknown as AnyBulkWriteOperation<AggregateDocument<State>>[];
    try {
      await orUnavailable(() => this.collection.bulkWrite(operations, { ordered: false }));
      return saves.map(() => 'saved');
    } catch (error) {
      const { writeErrors } = error as Partial<MongoBulkWriteError>;
      const failed = writeErrors === undefined ? [] : [writeErrors].flat();
      if (failed.length === 0) throw error;
      const failures = new Map(failed.map((failure) => [failure.index, failure]));
      return saves.map((_, index) => {
        const failure = failures.get(index);
        if (!failure) return 'saved';
        return isDuplicateKey(failure) ? 'conflict' : 'refused';
      });
    }
  }
}

/**
 * A bulk write tells per operation only what failed, not what matched nothing. So a stale update is made to fail: with
 * `upsert`, no match on `{_id, version}` means an insert, and that meets the existing `_id`.
 */
function toOperation<State>({ id, expectedVersion, state, entry, commands }: Save<State>): object {
  if (expectedVersion === 0) {
    return {
      insertOne: {
        document: { _id: id, version: entry.version, hash: entry.event.hash, state, pending: [entry], commands },
      },
    };
  }
  return {
    updateOne: {
      filter: { _id: id, version: expectedVersion },
      update: { $set: { version: entry.version, hash: entry.event.hash, state, commands }, $push: { pending: entry } },
      upsert: true,
    },
  };
}
