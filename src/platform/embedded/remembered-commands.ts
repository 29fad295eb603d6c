import type { AbstractSublevel } from 'abstract-level';
import type { Aggregate, RememberedCommand } from '../aggregate/aggregates.js';
import { withoutForgotten } from '../aggregate/idempotency.js';
import { compact } from './writes.js';
import { idOfKey, type IndexEntry, moved, rememberingOf } from './indexes.js';
import type { Level } from './level.js';
import type { Write } from './writes.js';

/** The part of an aggregate's document with its commands. */
interface Remembering<State extends Aggregate> {
  readonly commands: readonly RememberedCommand<State>[];
}

type Sublevel<Value> = AbstractSublevel<Level, string | Buffer | Uint8Array, string, Value>;

/** Edits one document through the store. */
type Edit<Document> = (id: string, apply: (document: Document | undefined) => Document | undefined) => Promise<boolean>;

/** Key in the index that marks it as complete. It sorts after every time. */
const INDEXED = 'indexed';
const MAX_FORGOTTEN = 1_000;

/** The remembered commands of one collection, indexed by the oldest command of each aggregate. */
export class EmbeddedCommands<State extends Aggregate, Document extends Remembering<State>> {
  /** `<time of the oldest remembered command>!<id>` for aggregates that have one, and INDEXED. */
  private readonly index: Sublevel<string>;

  constructor(
    level: Level,
    collection: string,
    private readonly documents: Sublevel<Document>,
    private readonly edit: Edit<Document>,
  ) {
    this.index = level.sublevel<string, string>(rememberingOf(collection), {});
  }

  /** Returns the index writes for a document change. */
  writesFor(id: string, before: Document | undefined, after: Document): Write[] {
    return moved(this.index, entryOf(id, before)?.key, entryOf(id, after));
  }

  /** Deletes commands from before a time (RFC 3339). Returns the number of aggregates that had any. */
  async forget(before: string): Promise<number> {
    const isIndexed = (await this.index.get(INDEXED)) !== undefined;
    let forgotten = isIndexed ? 0 : await this.indexAll(before);
    let keys: string[];
    do {
      keys = await this.index.keys({ lt: before, limit: MAX_FORGOTTEN }).all();
      await this.forgetOf(keys, before);
      forgotten += keys.length;
    } while (keys.length === MAX_FORGOTTEN);
    if (isIndexed) return forgotten;
    await compact(this.documents);
    await this.index.put(INDEXED, '');
    return forgotten;
  }

  /** Builds the index once, for documents that earlier versions stored. */
  private async indexAll(before: string): Promise<number> {
    let forgotten = 0;
    for await (const [id, document] of this.documents.iterator()) {
      const entry = entryOf(id, document);
      if (!entry) continue;
      await this.index.put(entry.key, '');
      if (!document.commands.some((command) => 'fingerprint' in command)) continue;
      await this.edit(id, without(before));
      forgotten += 1;
    }
    return forgotten;
  }

  private async forgetOf(keys: readonly string[], before: string): Promise<void> {
    const ids = keys.map(idOfKey);
    await Promise.all(ids.map((id) => this.edit(id, without(before))));
    // A repair may have deleted the aggregate of a key.
    const documents = await this.documents.getMany(ids);
    const stale = keys.filter((key, at) => key !== entryOf(ids[at] as string, documents[at])?.key);
    await this.index.batch(stale.map((key) => ({ type: 'del', key })));
  }
}

function without<Document extends Remembering<Aggregate>>(before: string) {
  return (document: Document | undefined): Document | undefined =>
    document && { ...document, commands: withoutForgotten(document.commands, before) };
}

function entryOf(id: string, document: Remembering<Aggregate> | undefined): IndexEntry | undefined {
  const [oldest] = document?.commands ?? [];
  return oldest && { key: `${oldest.at}!${id}`, value: '' };
}
