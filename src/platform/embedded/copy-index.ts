import type { AbstractSublevel } from 'abstract-level';
import type { Copied, CopyIndex, HashInCopy, Leaf } from '../generations/copy-index.js';
import type { Level } from './level.js';

type Sublevel = AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;

const CHUNK_SIZE = 1_000;

/** A copy index in an embedded database. */
export class EmbeddedCopyIndex implements CopyIndex {
  private readonly origins: Sublevel;
  private readonly hashes: Sublevel;
  private readonly trees = new Map<string, Sublevel>();

  constructor(private readonly level: Level) {
    this.origins = level.sublevel<string, string>('origins', {});
    this.hashes = level.sublevel<string, string>('hashes', {});
  }

  async add(copied: readonly Copied[]): Promise<void> {
    await this.origins.batch(
      copied.map((each) => ({ type: 'put', key: keyOf(each.partition, each.offset), value: '' })),
    );
  }

  async addHashes(hashes: readonly HashInCopy[]): Promise<void> {
    const known = await this.hashesOf(hashes.map(({ original }) => original));
    const added = hashes.filter(({ original }) => !known.has(original));
    // Of equal keys in a batch, the last one counts.
    await this.hashes.batch(
      added.toReversed().map(({ original, hash }) => ({ type: 'put', key: original, value: hash })),
    );
  }

  async copiedOf(partition: number, offsets: readonly number[]): Promise<ReadonlySet<number>> {
    const found = await this.origins.getMany(offsets.map((offset) => keyOf(partition, offset)));
    return new Set(offsets.filter((_, index) => found[index] !== undefined));
  }

  async nextOf(partition: number): Promise<number> {
    let next = 0;
    for await (const key of this.origins.keys({ gte: keyOf(partition, 0), lt: `${partition}0` })) {
      if (key !== keyOf(partition, next)) break;
      next += 1;
    }
    return next;
  }

  async hashesOf(originals: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = await this.hashes.getMany([...originals]);
    return new Map(
      originals.flatMap((original, index) => (found[index] === undefined ? [] : [[original, found[index]]])),
    );
  }

  async addLeaves(tree: string, leaves: readonly Leaf[]): Promise<void> {
    await this.treeOf(tree).batch(
      leaves.map(({ order, hash }) => ({ type: 'put', key: `${order}\0${hash}`, value: '' })),
    );
  }

  async *leaves(tree: string): AsyncGenerator<string> {
    const keys = this.treeOf(tree).keys();
    try {
      for (;;) {
        const some = await keys.nextv(CHUNK_SIZE);
        for (const key of some) yield key.slice(key.lastIndexOf('\0') + 1);
        if (some.length === 0) return;
      }
    } finally {
      await keys.close();
    }
  }

  private treeOf(name: string): Sublevel {
    const tree = this.trees.get(name) ?? this.level.sublevel<string, string>(`leaves-${name}`, {});
    this.trees.set(name, tree);
    return tree;
  }
}

/** `/` sorts before the digits, so the keys of partition 1 end before those of partition 10. */
function keyOf(partition: number, offset: number): string {
  return `${partition}/${String(offset).padStart(15, '0')}`;
}
