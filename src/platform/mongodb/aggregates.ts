import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import {
  type Aggregate,
  type Backlog,
  type Change,
  type Commit,
  type Head,
  type PendingEvent,
  type RememberedCommand,
  type Restored,
  type Saving,
  type Stored,
  type Unlogged,
  type Unpublished,
  type UnpublishedQuery,
  VersionConflict,
  type Waiting,
} from '../aggregate/aggregates.js';
import { EventLimit } from '../aggregate/event-limit.js';
import { oldestPendingOf, sealChange } from '../aggregate/pending-event.js';
import type { BatchLimits } from '../tools/batching.js';
import type { AggregateStore, Index } from '../context/database.js';
import { unavailable } from '../tools/errors.js';
import type { EventStream } from '../event/event-stream.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { MongoAudit } from './audit.js';
import { idsByVersion } from './ids-by-version.js';
import { forgetCommands } from './remembered-commands.js';
import { BATCH_TIMEOUT_MS, inTime, isDuplicateKey, orUnavailable, refusal } from './errors.js';
import { groupedFinds } from './finds.js';
import { writeAroundFence } from './fence.js';
import { createIndexes } from './indexes.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { read } from './read.js';
import { groupedWrites, type Write, writesTo } from './writes.js';

/** One aggregate: its state and, in the same document, the events of it that still wait to be published. */
export interface AggregateDocument<State> {
  _id: string;
  version: number;
  hash?: string;
  state: State;
  pending: PendingEvent[];
  commands: RememberedCommand<State>[];
}

/** What is read of it for a command. */
interface StoredDocument<State> extends Omit<AggregateDocument<State>, 'pending'> {
  readonly oldest?: number;
  readonly bytes: number;
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

/** The event that an aggregate has to publish first. Taken out before it is looked into, for the others are many. */
const FIRST = (fields: object | string) => ({ $let: { vars: { first: { $first: '$pending' } }, in: fields } });
/** What a command needs: how much waits, and none of it. */
const STORED = { hash: 1, state: 1, commands: 1, oldest: FIRST('$$first.version'), bytes: { $bsonSize: '$$ROOT' } };
const WAITING = { first: FIRST({ version: '$$first.version', time: '$$first.time' }) };
/** By the sparse index, which has the backlog and nothing else. */
const WAITS = { 'pending.time': { $gt: '' } } as object;
/** Aggregates of which the pending events are counted, and of which it is counted that they have any. */
const MAX_COUNTED = { oneByOne: 1_000, atAll: 100_000 };
const HEAD_AND_OLDEST = { projection: { version: 1, hash: 1, pending: { $slice: 1 } } };

/** The aggregate store and its outbox in one MongoDB collection; saves that wait together are one bulk write. */
export class MongoAggregates<State extends Aggregate, Changed extends Change<State>> implements AggregateStore<
  State,
  Changed
> {
  readonly topic: string;
  private readonly listeners: ((commit: Commit) => void)[] = [];
  private refuse: () => void = () => undefined;
  private readonly write: Write<AggregateDocument<State>>;
  private readonly findStored: (id: string) => Promise<StoredDocument<State> | undefined>;
  private readonly limit: EventLimit;

  constructor(
    private readonly collection: Collection<AggregateDocument<State>>,
    private readonly stream: EventStream,
    limits?: BatchLimits,
  ) {
    this.topic = stream.topic;
    this.write = groupedWrites(collection, limits);
    this.limit = new EventLimit(stream.topic);
    this.findStored = groupedFinds(collection as unknown as Collection<StoredDocument<State>>, STORED);
  }

  prepare(indexes: readonly Index[] = []): Promise<void> {
    return createIndexes(this.collection as unknown as Collection<{ _id: string }>, indexes);
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
    const { hash, state, commands, oldest, bytes } = document;
    const pending = oldest !== undefined && { pending: { oldest, bytes } };
    return { state, ...(hash !== undefined && { hash }), ...pending, commands };
  }

  async save(before: Stored<State> | undefined, saving: Saving<State, Changed>): Promise<void> {
    const { state, commands } = saving;
    const { id } = state;
    const { entry, hash } = sealChange(this.stream, before, saving);
    this.limit.refuseTooLarge(entry);
    const save = { id, expectedVersion: before?.state.version ?? 0, state, hash, entry, commands };
    const [refused] = await this.write([toOperation(save) as AnyBulkWriteOperation<AggregateDocument<State>>]);
    if (isDuplicateKey(refused)) await this.refuseUnlessSaved(save, refused?.afterLostAnswer ?? false);
    else if (refused) throw unavailable('MongoDB refused the write', refusal([refused]));
    const commit = { id, event: entry, oldest: before?.pending?.oldest ?? entry.version };
    for (const listener of this.listeners) listener(commit);
  }

  /** The save met a version: another writer's, or its own, of a try that nobody answered. */
  private async refuseUnlessSaved({ id, entry, hash }: Save<State>, isOwnPossible: boolean): Promise<void> {
    if (!isOwnPossible) throw new VersionConflict(id);
    const projection = { version: 1, hash: 1, pending: { $elemMatch: { version: entry.version } } };
    const there = await read(() => this.collection.findOne({ _id: id } as object, { projection }));
    const { version, hash: newest, pending = [] } = (there ?? {}) as Partial<AggregateDocument<State>>;
    if (newest === hash || pending.some(({ json }) => json === entry.json)) return;
    // A conflict is decided again, under a new id where it creates: that has to be certain.
    if (version === entry.version) throw new VersionConflict(id);
    throw unavailable('MongoDB did not answer, and the aggregate has changed since');
  }

  onCommit(listener: (commit: Commit) => void): void {
    this.listeners.push(listener);
  }

  limitEvents(maxBytes: number): void {
    this.limit.maxBytes = maxBytes;
  }

  async waiting(from: string, limit: number): Promise<readonly Waiting[]> {
    const filter = { 'pending.time': { $gte: from } } as object;
    // As the index has them: to be sorted, all of the backlog would have to be read.
    const search = () => this.collection.find(filter, { projection: WAITING, limit, batchSize: limit + 1 }).toArray();
    return (await read(search, BATCH_TIMEOUT_MS)).map(toWaiting);
  }

  async ends(): Promise<{ oldest: Waiting; newest: Waiting } | undefined> {
    // Without bounds the index gives it in order, though documents are in it several times.
    const last = { projection: WAITING, sort: { 'pending.time': -1 } } as const;
    const [[oldest], newest] = await Promise.all([
      this.waiting('', 1),
      read(() => this.collection.findOne({ 'pending.time': { $exists: true } } as object, last)),
    ]);
    return oldest && newest ? { oldest, newest: toWaiting(newest) } : undefined;
  }

  async *unpublished({ ids, maxEvents }: UnpublishedQuery = {}): AsyncGenerator<Unpublished> {
    const filter = ids ? { _id: { $in: [...ids] }, 'pending.0': { $exists: true } } : WAITS;
    const pending = maxEvents === undefined ? 1 : { $slice: ['$pending', maxEvents] };
    const cursor = this.collection.find(filter as object, { projection: { pending } });
    try {
      for (;;) {
        const next = await inTime(BATCH_TIMEOUT_MS, () => orUnavailable(() => cursor.next()));
        if (!next) return;
        yield { id: next._id as string, pending: next.pending };
      }
    } finally {
      await cursor.close().catch(() => undefined);
    }
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
    const [[counted], ends] = await Promise.all([
      read(() =>
        this.collection
          .aggregate<{ aggregates: number; events: number }>([
            { $match: WAITS },
            { $limit: MAX_COUNTED.oneByOne },
            { $group: { _id: null, aggregates: { $sum: 1 }, events: { $sum: { $size: '$pending' } } } },
          ])
          .toArray(),
      ),
      this.ends(),
    ]);
    if (!counted) return { events: 0 };
    if (counted.aggregates < MAX_COUNTED.oneByOne) return { events: counted.events, ...ends };
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- counts keys of the index; its successor reads documents
    const aggregates = await read(() => this.collection.count(WAITS, { limit: MAX_COUNTED.atAll }));
    const others = Math.max(0, aggregates - counted.aggregates);
    return { events: counted.events + others, ...(others > 0 && { isMore: true }), ...ends };
  }

  restore(states: readonly Restored<State>[]): Promise<void> {
    const fieldsOf = ({ hash, state }: Restored<State>) => ({ hash, state });
    const { collection } = this;
    return upsertIfNewer({ collection, write: writesTo(collection) }, states, fieldsOf, { pending: [], commands: [] });
  }

  async *allHeads(): AsyncGenerator<Head> {
    const cursor = this.collection.find({}, { projection: { version: 1, hash: 1 } }).sort({ _id: 1 });
    for await (const { _id: id, version, hash } of cursor) yield { id, version, ...(hash !== undefined && { hash }) };
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

  forgetCommands(before: string): Promise<number> {
    return forgetCommands(this.collection as unknown as Collection<{ _id: string }>, before);
  }

  /** Lets the states be held against the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>, { pending: [], commands: [] });
  }
}

function toWaiting(document: object): Waiting {
  const { _id: id, first } = document as { _id: string; first: Omit<Waiting, 'id'> };
  return { id, version: first.version, time: first.time };
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
