import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import {
  type Aggregate,
  type Backlog,
  type Change,
  type CommittedEvent,
  type Head,
  type PendingEvent,
  type Restored,
  type Saving,
  type StoredAggregate,
  type Unlogged,
  type Unpublished,
  type UnpublishedQuery,
  VersionConflict,
  type PendingAggregate,
} from '../aggregate/aggregates.js';
import { EventLimit } from '../aggregate/event-limit.js';
import { oldestPendingOf, sealedChange, shreddedWith } from '../aggregate/pending-event.js';
import type { BatchLimits } from '../tools/batching.js';
import type { AggregateStore, Index } from '../context/database.js';
import { unavailable } from '../tools/errors.js';
import { type EventStream, ownsKeys } from '../event/event-stream.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { type AggregateDocument, type Save, toOperation } from './aggregate-documents.js';
import { MongoAudit } from './audit.js';
import { type KeyDocument, MongoKeyStore } from './key-store.js';
import { forgetAnswers, forgetPersons } from './forget-persons.js';
import { idsByVersion } from './ids-by-version.js';
import { forgetCommands } from './remembered-commands.js';
import { BATCH_TIMEOUT_MS, orUnavailableAfter, isDuplicateKey, orUnavailable, refusal } from './errors.js';
import { writeWhenUnfenced } from './fence.js';
import { createIndexes } from './indexes.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { batchedFinds, read } from './reads.js';
import { groupCommit, type Write, writesTo } from './writes.js';

/** The part of the document that a command needs. */
interface StoredDocument<State> extends Omit<AggregateDocument<State>, 'pending'> {
  readonly oldest?: number;
  readonly bytes: number;
}

interface HeadDocument extends Pick<AggregateDocument<unknown>, '_id' | 'version' | 'hash'> {
  pending?: PendingEvent[];
}

/** The oldest pending event. It is extracted before its fields are read, because there may be many others. */
const FIRST = (fields: object | string) => ({ $let: { vars: { first: { $first: '$pending' } }, in: fields } });
/** The fields that a command needs: the size of the outbox, but not its events. */
const STORED = {
  hash: 1,
  key: 1,
  state: 1,
  commands: 1,
  oldest: FIRST('$$first.version'),
  bytes: { $bsonSize: '$$ROOT' },
};
const WAITING = { first: FIRST({ version: '$$first.version', time: '$$first.time' }) };
/** Uses the sparse index, which contains only the backlog. */
const WAITS = { 'pending.time': { $gt: '' } } as object;
/** Limits of counting: aggregates whose pending events are counted, and aggregates counted as one event each. */
const MAX_COUNTED = { oneByOne: 1_000, atAll: 100_000 };
const HEAD_AND_OLDEST = { projection: { version: 1, hash: 1, pending: { $slice: 1 } } };

/** The aggregate store and its outbox in one MongoDB collection. Concurrent saves share one bulk write. */
export class MongoAggregates<State extends Aggregate, Changed extends Change<State>> implements AggregateStore<
  State,
  Changed
> {
  readonly topic: string;
  readonly keysTopic: string | undefined;
  readonly keys: MongoKeyStore;
  private readonly listeners: ((commit: CommittedEvent) => void)[] = [];
  private readonly onBulkWrites: ((saves: number) => void)[] = [];
  private refuse: () => void = () => undefined;
  private readonly write: Write<AggregateDocument<State>>;
  private readonly findStored: (id: string) => Promise<StoredDocument<State> | undefined>;
  private readonly limit: EventLimit;

  constructor(
    private readonly collection: Collection<AggregateDocument<State>>,
    private readonly stream: EventStream,
    private readonly sealing?: SealingKeys,
    limits?: BatchLimits,
  ) {
    this.topic = stream.topic;
    this.keysTopic = ownsKeys(stream) ? stream.keys : undefined;
    this.keys = new MongoKeyStore(collection as unknown as Collection<KeyDocument>);
    this.write = groupCommit(collection, limits, (saves) => this.onBulkWrites.forEach((each) => each(saves)));
    this.limit = new EventLimit(stream.topic);
    this.findStored = batchedFinds(collection as unknown as Collection<StoredDocument<State>>, STORED);
  }

  prepare(indexes: readonly Index[] = []): Promise<void> {
    return createIndexes(this.untyped, indexes);
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
    // A document that another program wrote may be incomplete.
    return (found as unknown as HeadDocument[]).map(({ _id, version, hash, pending = [] }) => ({
      ...{ id: _id, version, ...(hash !== undefined && { hash }) },
      ...oldestPendingOf(pending),
    }));
  }

  async holdsLogged(): Promise<boolean> {
    const logged = { 'pending.0': { $exists: false } } as object;
    return (await read(() => this.collection.findOne(logged, { projection: { _id: 1 } }))) !== null;
  }

  async find(id: string): Promise<StoredAggregate<State> | undefined> {
    const document = await this.findStored(id);
    if (!document) return undefined;
    const { hash, key, state, commands, oldest, bytes } = document;
    const pending = oldest !== undefined && { pending: { oldest, bytes } };
    return { state, ...(hash !== undefined && { hash }), ...(key && { key }), ...pending, commands };
  }

  async save(before: StoredAggregate<State> | undefined, saving: Saving<State, Changed>): Promise<void> {
    const { state, commands } = saving;
    const { id } = state;
    const { entry, hash, key } = await sealedChange(this.stream, before, saving, this.sealing);
    this.limit.refuseTooLarge(entry);
    const save = { id, expectedVersion: before?.state.version ?? 0, state, hash, key, entry, commands };
    const [refused] = await this.write([toOperation(save) as AnyBulkWriteOperation<AggregateDocument<State>>]);
    if (isDuplicateKey(refused)) await this.refuseUnlessSaved(save, refused?.afterLostAnswer ?? false);
    else if (refused) throw unavailable('MongoDB rejected the write', refusal([refused]));
    const commit = { id, event: entry, oldest: before?.pending?.oldest ?? entry.version };
    for (const listener of this.listeners) listener(commit);
  }

  /** The version exists already: it is another writer's, or our own from an attempt whose answer was lost. */
  private async refuseUnlessSaved({ id, entry, hash }: Save<State>, mayBeOwn: boolean): Promise<void> {
    if (!mayBeOwn) throw new VersionConflict(id);
    const projection = { version: 1, hash: 1, pending: { $elemMatch: { version: entry.version } } };
    const there = await read(() => this.collection.findOne({ _id: id } as object, { projection }));
    const { version, hash: newest, pending = [] } = (there ?? {}) as Partial<AggregateDocument<State>>;
    if (newest === hash || pending.some(({ json }) => json === entry.json)) return;
    // A conflict makes the caller decide again, with a new id when it creates. So report one only when it is certain.
    if (version === entry.version) throw new VersionConflict(id);
    throw unavailable(
      'MongoDB did not answer, and the aggregate has changed since; the outcome of the write is unknown',
    );
  }

  onCommit(listener: (commit: CommittedEvent) => void): void {
    this.listeners.push(listener);
  }

  onBulkWrite(listener: (saves: number) => void): void {
    this.onBulkWrites.push(listener);
  }

  limitEvents(maxBytes: number): void {
    this.limit.maxBytes = maxBytes;
  }

  async pendingAggregates(from: string, limit: number): Promise<readonly PendingAggregate[]> {
    const filter = { 'pending.time': { $gte: from } } as object;
    // In index order: sorting would have to read the whole backlog.
    const search = () => this.collection.find(filter, { projection: WAITING, limit, batchSize: limit + 1 }).toArray();
    return (await read(search, BATCH_TIMEOUT_MS)).map(toPendingAggregate);
  }

  async ends(): Promise<{ oldest: PendingAggregate; newest: PendingAggregate } | undefined> {
    // Without bounds, the multikey index can return the documents in order.
    const last = { projection: WAITING, sort: { 'pending.time': -1 } } as const;
    const [[oldest], newest] = await Promise.all([
      this.pendingAggregates('', 1),
      read(() => this.collection.findOne({ 'pending.time': { $exists: true } } as object, last)),
    ]);
    return oldest && newest ? { oldest, newest: toPendingAggregate(newest) } : undefined;
  }

  async *unpublished({ ids, maxEvents }: UnpublishedQuery = {}): AsyncGenerator<Unpublished> {
    const filter = ids ? { _id: { $in: [...ids] }, 'pending.0': { $exists: true } } : WAITS;
    const pending = maxEvents === undefined ? 1 : { $slice: ['$pending', maxEvents] };
    const cursor = this.collection.find(filter as object, { projection: { pending } });
    try {
      for (;;) {
        const next = await orUnavailableAfter(BATCH_TIMEOUT_MS, () => orUnavailable(() => cursor.next()));
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
    // A lost trim only causes a duplicate in the log, so it need not wait for the journal.
    const options = { writeConcern: { w: 1, j: false } };
    const refused = await writeWhenUnfenced(this.collection, operations, options);
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
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- counts index keys; its successor reads documents
    const aggregates = await read(() => this.collection.count(WAITS, { limit: MAX_COUNTED.atAll }));
    const others = Math.max(0, aggregates - counted.aggregates);
    return { events: counted.events + others, ...(others > 0 && { isMore: true }), ...ends };
  }

  async restore(states: readonly Restored<State>[]): Promise<void> {
    const { collection, keysTopic } = this;
    const fieldsOf = ({ hash, state }: Restored<State>) => ({
      ...{ hash, state },
      ...(keysTopic !== undefined && state.erased && { key: shreddedWith(state) }),
    });
    const initial = ({ key }: Restored<State>) => ({ pending: [], commands: [], ...(key && { key }) });
    await upsertIfNewer({ collection, write: writesTo(collection) }, states, fieldsOf, initial);
    await this.keys.addMissing(states);
    await forgetAnswers(
      this.untyped,
      states.flatMap(({ id, state }) => (state.erased ? [id] : [])),
    );
  }

  forget(persons: readonly string[]): Promise<void> {
    return forgetPersons(this.untyped, this.stream, persons);
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
    const refused = await writeWhenUnfenced(this.collection, operations);
    if (refused.size > 0) throw refusal(refused.values());
    await forgetAnswers(
      this.untyped,
      entries.flatMap(({ id, commands }) => (commands.length > 0 ? [id] : [])),
    );
  }

  forgetCommands(before: string): Promise<number> {
    return forgetCommands(this.untyped, before);
  }

  /** Gives access to the states for a comparison with the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>, {
      pending: [],
      commands: [],
      key: undefined,
    });
  }

  private get untyped(): Collection<{ _id: string }> {
    return this.collection as unknown as Collection<{ _id: string }>;
  }
}

function toPendingAggregate(document: object): PendingAggregate {
  const { _id: id, first } = document as { _id: string; first: Omit<PendingAggregate, 'id'> };
  return { id, version: first.version, time: first.time };
}
