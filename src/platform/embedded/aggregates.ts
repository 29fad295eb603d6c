import type { AbstractSublevel } from 'abstract-level';
import {
  type Aggregate,
  type Backlog,
  type Change,
  type CommittedEvent,
  type Head,
  type Restored,
  type Saving,
  type StoredAggregate,
  type Unlogged,
  type Unpublished,
  type UnpublishedQuery,
  VersionConflict,
  type PendingAggregate,
} from '../aggregate/aggregates.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import { EventLimit } from '../aggregate/event-limit.js';
import { oldestPendingOf, sealedChange, shreddedWith } from '../aggregate/pending-event.js';
import { batched } from '../tools/batching.js';
import type { AggregateStore } from '../context/database.js';
import { type EventStream, ownsKeys } from '../event/event-stream.js';
import type { StoredKey } from '../privacy/data-key.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import { newestOfEach } from '../views/projection.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { type AggregateDocument as Document, savedOver, withoutErased } from './aggregate-documents.js';
import { EmbeddedAudit } from './audit.js';
import { countIn, summaryOf } from './pending-summary.js';
import { forgetPersons } from './forget-persons.js';
import { EmbeddedKeyStore } from './key-store.js';
import { EmbeddedCommands } from './remembered-commands.js';
import type { Level } from './level.js';
import { type Write, writeDurably } from './writes.js';
import { dueOf, idOfKey, moved, timeOfKey } from './indexes.js';
import { Updates } from './updates.js';

/** `apply` returns the new document, or undefined when the write must not happen. */
interface Edit<State extends Aggregate> {
  readonly id: string;
  /** It is a command's, not the outbox's. */
  readonly isSave?: boolean;
  readonly apply: (document: Document<State> | undefined) => Document<State> | undefined;
}

const LIMITS = { maxBatch: 1_000, maxWaiting: 10_000 };
/** Maximum number of aggregates whose pending events are counted. */
const MAX_COUNTED = 100_000;

/** The aggregate store and its outbox in the embedded database. Concurrent edits share one synced batch. */
export class EmbeddedAggregates<State extends Aggregate, Changed extends Change<State>> implements AggregateStore<
  State,
  Changed
> {
  readonly topic: string;
  readonly keysTopic: string | undefined;
  readonly keys: KeyStore;
  private readonly documents: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Document<State>>;
  /** Index of pending events: `<time of the oldest>!<id>` to `<version of the oldest> <count>`. */
  private readonly due: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;
  private readonly commands: EmbeddedCommands<State, Document<State>>;
  private readonly listeners: ((commit: CommittedEvent) => void)[] = [];
  private readonly onBulkWrites: ((saves: number) => void)[] = [];
  private refuse: () => void = () => undefined;
  private readonly limit: EventLimit;
  private readonly enqueue: (edit: Edit<State>) => Promise<boolean>;
  private readonly edit: (id: string, apply: Edit<State>['apply']) => Promise<boolean>;

  constructor(
    private readonly level: Level,
    private readonly collection: string,
    private readonly stream: EventStream,
    private readonly sealing?: SealingKeys,
    private readonly updates = new Updates(),
    limits = LIMITS,
  ) {
    this.topic = stream.topic;
    this.keysTopic = ownsKeys(stream) ? stream.keys : undefined;
    this.documents = level.sublevel<string, Document<State>>(collection, { valueEncoding: 'json' });
    this.due = level.sublevel<string, string>(dueOf(collection), {});
    this.limit = new EventLimit(stream.topic);
    this.enqueue = batched(limits, (edits) => updates.run(collection, () => this.write(edits)));
    this.edit = (id, apply) => this.enqueue({ id, apply });
    this.keys = new EmbeddedKeyStore<Document<State>>(this.documents, this.edit);
    this.commands = new EmbeddedCommands(level, collection, this.documents, this.edit);
  }

  /** Needs no index: documents are found by key, and listings read everything. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  admit(): void {
    this.refuse();
  }

  admitIf(refuse: () => void): void {
    this.refuse = refuse;
  }

  async heads(ids: readonly string[]): Promise<readonly Head[]> {
    const documents = await this.documents.getMany([...ids]);
    return documents.flatMap((document) => {
      if (!document) return [];
      const { state, hash, pending } = document;
      const { id, version } = state;
      return { id, version, ...(hash !== undefined && { hash }), ...oldestPendingOf(pending) };
    });
  }

  async holdsLogged(): Promise<boolean> {
    for await (const { pending } of this.documents.values()) if (pending.length === 0) return true;
    return false;
  }

  async find(id: string): Promise<StoredAggregate<State> | undefined> {
    const document = await this.documents.get(id);
    if (!document) return undefined;
    const { pending, ...stored } = document;
    const summary = summaryOf(pending);
    return { ...stored, ...(summary && { pending: summary }) };
  }

  async save(before: StoredAggregate<State> | undefined, saving: Saving<State, Changed>): Promise<void> {
    const { state, commands } = saving;
    const { id } = state;
    const { entry, hash, key } = await sealedChange(this.stream, before, saving, this.sealing);
    this.limit.refuseTooLarge(entry);
    const save = { expectedVersion: before?.state.version, state, hash, key, entry, commands };
    const apply: Edit<State>['apply'] = (stored) => savedOver(stored, save);
    if (!(await this.enqueue({ id, isSave: true, apply }))) throw new VersionConflict(id);
    const commit = { id, event: entry, oldest: before?.pending?.oldest ?? entry.version };
    for (const listener of this.listeners) listener(commit);
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
    const due = await this.due.iterator({ gte: from, limit }).all();
    return Promise.all(due.map((each) => this.toPendingAggregate(each)));
  }

  async ends(): Promise<{ oldest: PendingAggregate; newest: PendingAggregate } | undefined> {
    const [[oldest], [newest]] = await Promise.all([
      this.due.iterator({ limit: 1 }).all(),
      this.due.iterator({ limit: 1, reverse: true }).all(),
    ]);
    if (!oldest || !newest) return undefined;
    return { oldest: await this.toPendingAggregate(oldest), newest: await this.toPendingAggregate(newest) };
  }

  async *unpublished({ ids, maxEvents = Infinity }: UnpublishedQuery = {}): AsyncGenerator<Unpublished> {
    for await (const id of ids ?? this.idsOfWaiting()) {
      const pending = (await this.documents.get(id))?.pending ?? [];
      if (pending.length > 0) yield { id, pending: pending.slice(0, maxEvents) };
    }
  }

  async trim(published: ReadonlyMap<string, number>): Promise<void> {
    const edits = [...published].map(([id, version]) =>
      this.edit(
        id,
        (stored) => stored && { ...stored, pending: stored.pending.filter((entry) => entry.version > version) },
      ),
    );
    await Promise.all(edits);
  }

  async backlog(): Promise<Backlog> {
    let [events, aggregates] = [0, 0];
    for await (const value of this.due.values({ limit: MAX_COUNTED })) {
      events += countIn(value);
      aggregates += 1;
    }
    return { events, ...(aggregates === MAX_COUNTED && { isMore: true }), ...(await this.ends()) };
  }

  async restore(states: readonly Restored<State>[]): Promise<void> {
    const edits = newestOfEach(states).map(({ id, version, hash, state, key }) =>
      this.edit(id, (stored) => {
        const { pending = [], commands = [] } = stored ?? {};
        if (stored && stored.state.version >= version) return state.erased && withoutErased(stored);
        return withoutErased({
          ...{ state, pending, commands },
          ...(hash !== undefined && { hash }),
          ...this.keyToRestore(state, stored?.key ?? key),
        });
      }),
    );
    await Promise.all(edits);
  }

  forget(persons: readonly string[]): Promise<void> {
    return forgetPersons(this.documents, this.stream, persons, this.edit);
  }

  async *allHeads(): AsyncGenerator<Head> {
    for await (const [id, { state, hash }] of this.documents.iterator()) {
      yield { id, version: state.version, ...(hash !== undefined && { hash }) };
    }
  }

  async *unlogged(ids?: readonly string[]): AsyncGenerator<Unlogged<State>> {
    for await (const [id, { pending, commands }] of this.documentsOf(ids)) {
      if (pending.length > 0 || commands.length > 0) yield { id, pending, commands };
    }
  }

  async adopt(entries: readonly Unlogged<State>[]): Promise<void> {
    const edits = entries.map(({ id, pending, commands }) =>
      this.edit(id, (stored) => stored && withoutErased({ ...stored, pending, commands })),
    );
    await Promise.all(edits);
  }

  forgetCommands(before: string): Promise<number> {
    return this.commands.forget(before);
  }

  /** Gives access to the states for a comparison with the log. */
  audit(): Auditable {
    return new EmbeddedAudit<Document<State>>(this.level, this.updates, this.collection, {
      contentOf: ({ state, hash }) => ({ version: state.version, ...(hash !== undefined && { hash }), state }),
      toStored: ({ hash, state }, _key, before) => ({
        state: state as State,
        ...(typeof hash === 'string' && { hash }),
        pending: before?.pending ?? [],
        commands: before?.commands ?? [],
        ...this.keyToRestore(state as State, before?.key),
      }),
    });
  }

  private keyToRestore(state: State, key: StoredKey | undefined): Pick<Document<State>, 'key'> {
    const kept = this.keysTopic !== undefined && state.erased ? shreddedWith(state) : key;
    return { ...(kept && { key: kept }) };
  }

  private async *documentsOf(ids: readonly string[] | undefined): AsyncGenerator<[string, Document<State>]> {
    if (!ids) yield* this.documents.iterator();
    for (const id of ids ?? []) {
      const document = await this.documents.get(id);
      if (document) yield [id, document];
    }
  }

  private async write(edits: readonly Edit<State>[]): Promise<readonly boolean[]> {
    const saves = edits.filter(({ isSave }) => isSave).length;
    if (saves > 0) this.onBulkWrites.forEach((each) => each(saves));
    const ids = [...new Set(edits.map(({ id }) => id))];
    const stored = await this.documents.getMany(ids);
    const before = new Map(ids.map((id, index) => [id, stored[index]]));
    const after = new Map(before);
    const results = edits.map(({ id, apply }) => {
      const edited = apply(after.get(id));
      if (edited) after.set(id, edited);
      return edited !== undefined;
    });
    const writes = ids.flatMap((id) => this.writesFor(id, before.get(id), after.get(id)));
    await writeDurably(this.level, writes);
    return results;
  }

  private writesFor(id: string, before: Document<State> | undefined, after: Document<State> | undefined): Write[] {
    if (!after || after === before) return [];
    const put = { type: 'put', sublevel: this.documents, key: id, value: after } as unknown as Write;
    const [was, is] = [before?.pending[0], after.pending[0]];
    const due = is && { key: `${is.time}!${id}`, value: `${is.version} ${after.pending.length}` };
    return [put, ...moved(this.due, was && `${was.time}!${id}`, due), ...this.commands.writesFor(id, before, after)];
  }

  private async *idsOfWaiting(): AsyncGenerator<string> {
    for await (const key of this.due.keys()) yield idOfKey(key);
  }

  private async toPendingAggregate([key, value]: [string, string]): Promise<PendingAggregate> {
    const id = idOfKey(key);
    // Entries from earlier versions have an empty value.
    const version = value === '' ? (await this.documents.get(id))?.pending[0]?.version : Number(value.split(' ')[0]);
    return { id, version: version ?? 0, time: timeOfKey(key) };
  }
}
