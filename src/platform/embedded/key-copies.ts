import type { AbstractSublevel } from 'abstract-level';
import { batched } from '../tools/batching.js';
import { isShredded, type StoredKey, type WrappedKey } from '../privacy/data-key.js';
import type { KeyCopies } from '../privacy/key-source.js';
import type { Level } from './level.js';
import { Updates } from './updates.js';
import { compact, type Write, writeDurably } from './writes.js';

/** Remains of a key that was removed. */
const REMOVED = { isRemoved: true } as const;

type Copy = StoredKey | typeof REMOVED;

/** The new copy of a person's key. */
interface Edit {
  readonly person: string;
  readonly copy: Copy;
}

/** Copies of keys in the embedded database. */
export class EmbeddedKeyCopies implements KeyCopies {
  private readonly copies: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Copy>;
  private readonly edit: (edits: readonly Edit[]) => Promise<void>;

  constructor(
    private readonly level: Level,
    collection: string,
    updates = new Updates(),
  ) {
    this.copies = level.sublevel<string, Copy>(collection, { valueEncoding: 'json' });
    // One flush at a time: otherwise a key could be written after it was shredded.
    this.edit = batched({ maxBatch: 100, maxWaiting: 10_000 }, (edits) =>
      updates.run(collection, () => this.write(edits.flat())),
    );
  }

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const found = await this.known(persons);
    return new Map([...found].flatMap(([person, copy]) => (isRemoved(copy) ? [] : [[person, copy]])));
  }

  async put(keys: ReadonlyMap<string, WrappedKey>): Promise<ReadonlySet<string>> {
    const before = await this.known([...keys.keys()]);
    await this.edit([...keys].map(([person, copy]) => ({ person, copy })));
    const after = await this.find([...keys.keys()]);
    return new Set([...keys.keys()].filter((person) => !before.has(person) && !isShredded(after.get(person))));
  }

  remove(persons: readonly string[]): Promise<void> {
    return this.edit(persons.map((person) => ({ person, copy: REMOVED })));
  }

  async removed(persons: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.known(persons);
    return new Set([...found].flatMap(([person, copy]) => (isRemoved(copy) ? [person] : [])));
  }

  async shred(persons: ReadonlyMap<string, string>): Promise<void> {
    await this.edit([...persons].map(([person, shreddedAt]) => ({ person, copy: { shreddedAt } })));
    await compact(this.copies);
  }

  private async write(edits: readonly Edit[]): Promise<void[]> {
    const persons = [...new Set(edits.map(({ person }) => person))];
    const before = await this.known(persons);
    const after = new Map(before);
    for (const { person, copy } of edits) if (!isDestroyed(after.get(person))) after.set(person, copy);
    const writes = [...after].flatMap(([key, value]) => {
      if (value === before.get(key)) return [];
      return [{ type: 'put', key, value, sublevel: this.copies } as unknown as Write];
    });
    await writeDurably(this.level, writes);
    return [];
  }

  private async known(persons: readonly string[]): Promise<ReadonlyMap<string, Copy>> {
    const copies = await this.copies.getMany([...persons]);
    return new Map(copies.flatMap((copy, index) => (copy ? [[persons[index] as string, copy]] : [])));
  }
}

function isRemoved(copy: Copy): copy is typeof REMOVED {
  return 'isRemoved' in copy;
}

function isDestroyed(copy: Copy | undefined): boolean {
  return copy !== undefined && !isRemoved(copy) && isShredded(copy);
}
