import type { AbstractSublevel } from 'abstract-level';
import { batched } from '../tools/batching.js';
import { isShredded, type StoredKey, type WrappedKey } from '../privacy/data-key.js';
import type { KeyCopies } from '../privacy/key-source.js';
import type { Level } from './rebuild.js';
import { compact, type Write, writeDurably } from './writes.js';

/** The new copy of a person's key; undefined when it is gone. */
interface Edit {
  readonly person: string;
  readonly key: StoredKey | undefined;
}

/** Copies of keys in the embedded database. */
export class EmbeddedKeyCopies implements KeyCopies {
  private readonly copies: AbstractSublevel<Level, string | Buffer | Uint8Array, string, StoredKey>;
  private readonly edit: (edits: readonly Edit[]) => Promise<void>;

  constructor(
    private readonly level: Level,
    collection: string,
  ) {
    this.copies = level.sublevel<string, StoredKey>(collection, { valueEncoding: 'json' });
    // One flush at a time: otherwise a key could be written after it was shredded.
    this.edit = batched({ maxBatch: 100, maxWaiting: 10_000 }, (edits) => this.write(edits.flat()));
  }

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const keys = await this.copies.getMany([...persons]);
    return new Map(keys.flatMap((key, index) => (key ? [[persons[index] as string, key]] : [])));
  }

  async put(keys: ReadonlyMap<string, WrappedKey>): Promise<ReadonlySet<string>> {
    const before = await this.find([...keys.keys()]);
    await this.edit([...keys].map(([person, key]) => ({ person, key })));
    const after = await this.find([...keys.keys()]);
    return new Set([...keys.keys()].filter((person) => !before.has(person) && !isShredded(after.get(person))));
  }

  remove(persons: readonly string[]): Promise<void> {
    return this.edit(persons.map((person) => ({ person, key: undefined })));
  }

  async shred(persons: ReadonlyMap<string, string>): Promise<void> {
    await this.edit([...persons].map(([person, shreddedAt]) => ({ person, key: { shreddedAt } })));
    await compact(this.copies);
  }

  private async write(edits: readonly Edit[]): Promise<void[]> {
    const persons = [...new Set(edits.map(({ person }) => person))];
    const before = await this.find(persons);
    const after = new Map<string, StoredKey | undefined>(before);
    for (const { person, key } of edits) if (!isShredded(after.get(person))) after.set(person, key);
    const writes = persons.flatMap((person) => {
      const value = after.get(person);
      if (value === before.get(person)) return [];
      const write = value === undefined ? { type: 'del', key: person } : { type: 'put', key: person, value };
      return [{ ...write, sublevel: this.copies } as unknown as Write];
    });
    await writeDurably(this.level, writes);
    return [];
  }
}
