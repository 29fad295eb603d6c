import type { AbstractSublevel } from 'abstract-level';
import {
  type Aggregate,
  type Aggregates,
  type Backlog,
  type CommandRetention,
  type Head,
  type LogCompared,
  type Restorable,
  type Restored,
  type Saving,
  type Stored,
  type Unlogged,
  type Unpublished,
  VersionConflict,
} from '../aggregate/aggregates.js';
import { withoutForgotten } from '../aggregate/idempotency.js';
import { oldestPendingOf, toPending } from '../aggregate/pending-event.js';
import { coalesce } from '../coalesce.js';
import type { DomainEvent, EventStream } from '../event/cloud-event.js';
import { newestOfEach } from '../projection/projection.js';
import type { Auditable } from '../replay/auditable.js';
import { EmbeddedAudit } from './embedded-audit.js';
import { compact, type Level, type Write, writeDurably } from './embedded-database.js';

type Document<State extends Aggregate> = Stored<State>;

/** Answers the document after it, or undefined where the write must not happen. */
interface Edit<State extends Aggregate> {
  readonly id: string;
  readonly apply: (document: Document<State> | undefined) => Document<State> | undefined;
}

/** Key in the index of remembered commands: it has all there are. Later than any time. */
const INDEXED = 'indexed';
const MOST_FORGOTTEN = 1_000;
const LIMITS = { maxBatch: 1_000, maxWaiting: 10_000 };

/** The aggregate store and its outbox in the embedded database; edits that wait together are one synced batch. */
export class EmbeddedAggregates<State extends Aggregate, Event extends DomainEvent>
  implements Aggregates<State, Event>, Restorable<State>, LogCompared, CommandRetention
{
  readonly topic: string;
  private readonly documents: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Document<State>>;
  /** `<time of the oldest pending event>!<id>`, for aggregates that have one. */
  private readonly due: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;
  /** `<time of the oldest remembered command>!<id>`, for aggregates that have one, and INDEXED. */
  private readonly remembering: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;
  private readonly listeners: ((unpublished: Unpublished) => void)[] = [];
  private refuse: () => void = () => undefined;
  private readonly enqueue: (edit: Edit<State>) => Promise<boolean>;

  constructor(
    private readonly level: Level,
    private readonly collection: string,
    private readonly stream: EventStream,
    limits = LIMITS,
  ) {
    this.topic = stream.topic;
    this.documents = level.sublevel<string, Document<State>>(collection, { valueEncoding: 'json' });
    this.due = level.sublevel<string, string>(`${collection}.due`, {});
    this.remembering = level.sublevel<string, string>(`${collection}.remembering`, {});
    this.enqueue = coalesce(limits, (edits) => this.write(edits));
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

  find(id: string): Promise<Stored<State> | undefined> {
    return this.documents.get(id);
  }

  /** Every aggregate, in the order of the ids. */
  async *all(): AsyncGenerator<State> {
    for await (const { state } of this.documents.values()) yield state;
  }

  async save(before: Stored<State> | undefined, { state, event, commands }: Saving<State, Event>): Promise<void> {
    const { id } = state;
    const { entry, hash } = toPending(this.stream, event, state, before?.hash);
    const saved = await this.enqueue({
      id,
      apply: (stored) =>
        stored?.state.version === before?.state.version
          ? { state, hash, pending: [...(stored?.pending ?? []), entry], commands }
          : undefined,
    });
    if (!saved) throw new VersionConflict(id);
    const unpublished = { id, pending: [...(before?.pending ?? []), entry] };
    for (const listener of this.listeners) listener(unpublished);
  }

  onCommit(listener: (unpublished: Unpublished) => void): void {
    this.listeners.push(listener);
  }

  async unpublished(before: string, limit: number): Promise<readonly Unpublished[]> {
    const keys = await this.due.keys({ lt: before, limit }).all();
    const ids = keys.map(idOfDueKey);
    const documents = await this.documents.getMany(ids);
    return ids.map((id, index) => ({ id, pending: documents[index]?.pending ?? [] }));
  }

  async trim(published: ReadonlyMap<string, number>): Promise<void> {
    const edits = [...published].map(([id, version]) =>
      this.enqueue({
        id,
        apply: (stored) => stored && { ...stored, pending: stored.pending.filter((entry) => entry.version > version) },
      }),
    );
    await Promise.all(edits);
  }

  async backlog(): Promise<Backlog> {
    const keys = await this.due.keys().all();
    const documents = await this.documents.getMany(keys.map(idOfDueKey));
    const events = documents.reduce((sum, document) => sum + (document?.pending.length ?? 0), 0);
    return keys[0] === undefined ? { events } : { events, oldest: keys[0].slice(0, keys[0].indexOf('!')) };
  }

  async restore(states: readonly Restored<State>[]): Promise<void> {
    const edits = newestOfEach(states).map(({ id, version, hash, state }) =>
      this.enqueue({
        id,
        apply: (stored) =>
          (stored?.state.version ?? 0) < version
            ? {
                state,
                ...(hash !== undefined && { hash }),
                pending: stored?.pending ?? [],
                commands: stored?.commands ?? [],
              }
            : undefined,
      }),
    );
    await Promise.all(edits);
  }

  async *unlogged(ids?: readonly string[]): AsyncGenerator<Unlogged<State>> {
    for await (const [id, { pending, commands }] of this.documentsOf(ids)) {
      if (pending.length > 0 || commands.length > 0) yield { id, pending, commands };
    }
  }

  async adopt(entries: readonly Unlogged<State>[]): Promise<void> {
    const edits = entries.map(({ id, pending, commands }) =>
      this.enqueue({ id, apply: (stored) => stored && { ...stored, pending, commands } }),
    );
    await Promise.all(edits);
  }

  async forgetCommands(before: string): Promise<number> {
    const isIndexed = (await this.remembering.get(INDEXED)) !== undefined;
    let forgotten = isIndexed ? 0 : await this.indexCommands(before);
    let keys: string[];
    do {
      keys = await this.remembering.keys({ lt: before, limit: MOST_FORGOTTEN }).all();
      await this.forgetCommandsOf(keys, before);
      forgotten += keys.length;
    } while (keys.length === MOST_FORGOTTEN);
    if (isIndexed) return forgotten;
    await compact(this.documents);
    await this.remembering.put(INDEXED, '');
    return forgotten;
  }

  /** Reads every aggregate, once, for those that earlier versions stored. */
  private async indexCommands(before: string): Promise<number> {
    let forgotten = 0;
    for await (const [id, document] of this.documents.iterator()) {
      const key = rememberingKey(id, document);
      if (key === undefined) continue;
      await this.remembering.put(key, '');
      if (!document.commands.some((command) => 'fingerprint' in command)) continue;
      await this.enqueue({ id, apply: withoutForgottenCommands(before) });
      forgotten += 1;
    }
    return forgotten;
  }

  private async forgetCommandsOf(keys: readonly string[], before: string): Promise<void> {
    const ids = keys.map(idOfDueKey);
    const apply = withoutForgottenCommands<State>(before);
    await Promise.all(ids.map((id) => this.enqueue({ id, apply })));
    // A repair may have taken the aggregate of a key away.
    const documents = await this.documents.getMany(ids);
    const stale = keys.filter((key, index) => key !== rememberingKey(ids[index] as string, documents[index]));
    await this.remembering.batch(stale.map((key) => ({ type: 'del', key })));
  }

  /** Lets the states be held against the log. */
  audit(): Auditable {
    return new EmbeddedAudit<Document<State>>(this.level, this.collection, {
      contentOf: ({ state, hash }) => ({ version: state.version, ...(hash !== undefined && { hash }), state }),
      toStored: ({ hash, state }, _key, before) => ({
        state: state as State,
        ...(typeof hash === 'string' && { hash }),
        pending: before?.pending ?? [],
        commands: before?.commands ?? [],
      }),
    });
  }

  private async *documentsOf(ids: readonly string[] | undefined): AsyncGenerator<[string, Document<State>]> {
    if (!ids) yield* this.documents.iterator();
    for (const id of ids ?? []) {
      const document = await this.documents.get(id);
      if (document) yield [id, document];
    }
  }

  private async write(edits: readonly Edit<State>[]): Promise<readonly boolean[]> {
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
    return [
      { type: 'put', sublevel: this.documents, key: id, value: after } as unknown as Write,
      ...moved(this.due, dueKey(id, before), dueKey(id, after)),
      ...moved(this.remembering, rememberingKey(id, before), rememberingKey(id, after)),
    ];
  }
}

function withoutForgottenCommands<State extends Aggregate>(before: string): Edit<State>['apply'] {
  return (stored) => stored && { ...stored, commands: withoutForgotten(stored.commands, before) };
}

/** Takes a key of an index for another. */
function moved(index: object, was: string | undefined, is: string | undefined): Write[] {
  if (was === is) return [];
  const writes: unknown[] = [];
  if (was !== undefined) writes.push({ type: 'del', sublevel: index, key: was });
  if (is !== undefined) writes.push({ type: 'put', sublevel: index, key: is, value: '' });
  return writes as Write[];
}

function dueKey(id: string, document: Pick<Stored<Aggregate>, 'pending'> | undefined): string | undefined {
  const [oldest] = document?.pending ?? [];
  return oldest && `${oldest.time}!${id}`;
}

function rememberingKey(id: string, document: Stored<Aggregate> | undefined): string | undefined {
  const [oldest] = document?.commands ?? [];
  return oldest && `${oldest.at}!${id}`;
}

function idOfDueKey(key: string): string {
  return key.slice(key.indexOf('!') + 1);
}
