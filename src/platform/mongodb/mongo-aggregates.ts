import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import {
  type Aggregate,
  type Aggregates,
  type Backlog,
  type Head,
  type LogCompared,
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
import { oldestPendingOf, toPending } from '../aggregate/pending-event.js';
import type { CoalesceLimits } from '../coalesce.js';
import { unavailable } from '../errors.js';
import type { DomainEvent, EventStream } from '../event/cloud-event.js';
import type { Auditable } from '../replay/auditable.js';
import { MongoAudit } from './mongo-audit.js';
import { isDuplicateKey, orUnavailable, refusal } from './mongo-errors.js';
import { groupedFinds } from './mongo-finds.js';
import { writeAroundFence } from './mongo-fence.js';
import { putWhereNewer } from './mongo-put.js';
import { read } from './mongo-read.js';
import { groupedWrites, type Write, writesTo } from './mongo-writes.js';

/** One aggregate: its state and, in the same document, the events of it that still wait to be published. */
export interface AggregateDocument<State> {
  _id: string;
  version: number;
  hash?: string;
  state: State;
  pending: PendingEvent[];
  commands: RememberedCommand<State>[];
}

interface HeadDocument extends Pick<AggregateDocument<unknown>, '_id' | 'version' | 'hash'> {
  pending?: PendingEvent[];
}

interface Save<State> {
  readonly id: string;
  /** 0: there must be no such aggregate yet. */
  readonly expectedVersion: number;
  readonly state: State;
  readonly hash: string;
  readonly entry: PendingEvent;
  readonly commands: readonly RememberedCommand<State>[];
}

const STORED = { hash: 1, state: 1, pending: 1, commands: 1 };
const HEAD = { projection: { version: 1, hash: 1, pending: 1 } };
const HEAD_AND_OLDEST = { projection: { version: 1, hash: 1, pending: { $slice: 1 } } };

/** The aggregate store and its outbox in one MongoDB collection; saves that wait together are one bulk write. */
export class MongoAggregates<State extends Aggregate, Event extends DomainEvent>
  implements Aggregates<State, Event>, Restorable<State>, LogCompared
{
  readonly topic: string;
  private readonly listeners: ((unpublished: Unpublished) => void)[] = [];
  private refuse: () => void = () => undefined;
  private readonly write: Write<AggregateDocument<State>>;
  private readonly findStored: (id: string) => Promise<AggregateDocument<State> | undefined>;

  constructor(
    private readonly collection: Collection<AggregateDocument<State>>,
    private readonly stream: EventStream,
    limits?: CoalesceLimits,
  ) {
    this.topic = stream.topic;
    this.write = groupedWrites(collection, limits);
    this.findStored = groupedFinds(collection, STORED);
  }

  /** Creates what the queries here need. Safe to run again, and on several instances at once. */
  async createIndexes(): Promise<void> {
    // Sparse: a document with nothing pending is not in it, so the sweeper's search is as small as the backlog.
    await orUnavailable(() => this.collection.createIndex({ 'pending.time': 1 }, { sparse: true }, {}));
  }

  admit(): void {
    this.refuse();
  }

  admitIf(refuse: () => void): void {
    this.refuse = refuse;
  }

  async heads(ids: readonly string[]): Promise<readonly Head[]> {
    const filter = { _id: { $in: [...ids] } } as object;
    const found = await read(() => this.collection.find(filter, HEAD_AND_OLDEST).toArray());
    // A document that somebody else has put there may be no whole one.
    return (found as unknown as HeadDocument[]).map(({ _id, version, hash, pending = [] }) => ({
      ...{ id: _id, version, ...(hash !== undefined && { hash }) },
      ...oldestPendingOf(pending),
    }));
  }

  async holdsLogged(): Promise<boolean> {
    const logged = { 'pending.0': { $exists: false } } as object;
    return (await read(() => this.collection.findOne(logged, { projection: { _id: 1 } }))) !== null;
  }

  async find(id: string): Promise<Stored<State> | undefined> {
    const document = await this.findStored(id);
    if (!document) return undefined;
    const { hash, state, pending, commands } = document;
    return { state, ...(hash !== undefined && { hash }), pending, commands };
  }

  async save(before: Stored<State> | undefined, { state, event, commands }: Saving<State, Event>): Promise<void> {
    const { id } = state;
    const { entry, hash } = toPending(this.stream, event, state, before?.hash);
    const save = { id, expectedVersion: before?.state.version ?? 0, state, hash, entry, commands };
    const [refused] = await this.write([toOperation(save) as AnyBulkWriteOperation<AggregateDocument<State>>]);
    if (isDuplicateKey(refused)) await this.refuseUnlessSaved(save, refused?.afterLostAnswer ?? false);
    else if (refused) throw unavailable('MongoDB refused the write', refusal([refused]));
    const unpublished = { id, pending: [...(before?.pending ?? []), entry] };
    for (const listener of this.listeners) listener(unpublished);
  }

  /** The save met a version: another writer's, or its own, of a try that nobody answered. */
  private async refuseUnlessSaved({ id, entry, hash }: Save<State>, isOwnPossible: boolean): Promise<void> {
    const there = isOwnPossible && (await read(() => this.collection.findOne({ _id: id } as object, HEAD)));
    if (!there) throw new VersionConflict(id);
    const { version, hash: newest, pending } = there as unknown as AggregateDocument<State>;
    if (newest === hash || pending.some(({ json }) => json === entry.json)) return;
    if (version === entry.version) throw new VersionConflict(id);
    throw unavailable('MongoDB did not answer, and the aggregate has changed since');
  }

  onCommit(listener: (unpublished: Unpublished) => void): void {
    this.listeners.push(listener);
  }

  async unpublished(before: string, limit: number): Promise<readonly Unpublished[]> {
    const due = { 'pending.time': { $lt: before } } as object;
    const options = { projection: { pending: 1 }, limit, batchSize: limit };
    const documents = await read(() => this.collection.find(due, options).sort({ 'pending.time': 1 }).toArray());
    return documents.map(({ _id, pending }) => ({ id: _id, pending }));
  }

  async trim(published: ReadonlyMap<string, number>): Promise<void> {
    const operations = [...idsByVersion(published)].map(([version, ids]) => ({
      updateMany: { filter: { _id: { $in: ids } }, update: { $pull: { pending: { version: { $lte: version } } } } },
    })) as unknown as AnyBulkWriteOperation<AggregateDocument<State>>[];
    // A trim that is lost costs one duplicate in the log, so it need not wait for the journal.
    const options = { writeConcern: { w: 1, j: false } };
    const refused = await writeAroundFence(this.collection, operations, options);
    if (refused.size > 0) throw refusal(refused.values());
  }

  async backlog(): Promise<Backlog> {
    const waiting = { 'pending.time': { $gt: '' } };
    const [total] = await read(() =>
      this.collection
        .aggregate<{ events: number; oldest: string }>([
          { $match: waiting },
          {
            $group: {
              _id: null,
              events: { $sum: { $size: '$pending' } },
              oldest: { $min: { $min: '$pending.time' } },
            },
          },
        ])
        .toArray(),
    );
    return total ? { events: total.events, oldest: total.oldest } : { events: 0 };
  }

  restore(states: readonly Restored<State>[]): Promise<void> {
    const fieldsOf = ({ hash, state }: Restored<State>) => ({ hash, state });
    const { collection } = this;
    return putWhereNewer({ collection, write: writesTo(collection) }, states, fieldsOf, { pending: [], commands: [] });
  }

  async *allHeads(): AsyncGenerator<Head> {
    const cursor = this.collection.find({}, { projection: { version: 1, hash: 1 } }).sort({ _id: 1 });
    for await (const { _id: id, version, hash } of cursor) yield { id, version, ...(hash !== undefined && { hash }) };
  }

  async *waiting(): AsyncGenerator<Unpublished> {
    const due = { 'pending.time': { $gt: '' } } as object;
    for await (const { _id, pending } of this.collection.find(due, { projection: { pending: 1 } })) {
      yield { id: _id, pending };
    }
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
    const refused = await writeAroundFence(this.collection, operations);
    if (refused.size > 0) throw refusal(refused.values());
  }

  /** Lets the states be held against the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>, { pending: [], commands: [] });
  }
}

/**
 * A bulk write tells per operation only what failed, not what matched nothing. So a stale update is made to fail: with
 * `upsert`, no match on `{_id, version}` means an insert, and that meets the existing `_id`.
 */
function toOperation<State>({ id, expectedVersion, state, hash, entry, commands }: Save<State>): object {
  if (expectedVersion === 0) {
    return {
      insertOne: {
        document: { _id: id, version: entry.version, hash, state, pending: [entry], commands },
      },
    };
  }
  return {
    updateOne: {
      filter: { _id: id, version: expectedVersion },
      update: { $set: { version: entry.version, hash, state, commands }, $push: { pending: entry } },
      upsert: true,
    },
  };
}

/** One operation for many documents costs the server a fraction of one for each, and most are at the same few versions. */
function idsByVersion(versions: ReadonlyMap<string, number>): ReadonlyMap<number, readonly string[]> {
  const ids = new Map<number, string[]>();
  for (const [id, version] of versions) {
    const those = ids.get(version);
    if (those) those.push(id);
    else ids.set(version, [id]);
  }
  return ids;
}
