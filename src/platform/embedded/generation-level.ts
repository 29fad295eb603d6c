import {
  type AbstractBatchOperation,
  type AbstractClearOptions,
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractLevel,
} from 'abstract-level';
import type { CompactableLevel, Level } from './level.js';
import { WriteFence } from './write-fence.js';

type Operations = readonly AbstractBatchOperation<Level, string, string>[];
type Entry = [string, string];

const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/** Told of writes while a rebuild runs. */
export interface WriteObserver {
  /** Called with a key that is put or deleted, before it is. */
  written(key: string): void;
  /** Called when a range of keys is deleted. */
  cleared(): void;
}

/**
 * The current generation of a database: a level that adds a prefix to every key. Stores open their sublevels over it
 * once, and find the new collections there after {@link GenerationLevel.switchTo}. An iterator stays on the generation in
 * which its first entry was read.
 */
export class GenerationLevel extends AbstractLevel<string | Buffer | Uint8Array> {
  readonly fence = new WriteFence();
  observer: WriteObserver | undefined;

  /**
   * @param root has the keys of all generations
   * @param generation the prefix of the current one, as a sublevel has it; empty for the first
   */
  constructor(
    private readonly root: Level,
    private generation: string,
  ) {
    super({ encodings: { utf8: true } });
  }

  /** Reads and writes another generation from now on. Call it behind the fence. */
  switchTo(generation: string): void {
    this.generation = generation;
  }

  _close(): Promise<void> {
    return this.root.close();
  }

  _get(key: string): Promise<string | undefined> {
    return this.root.get(this.generation + key, TEXT);
  }

  _getMany(keys: string[]): Promise<(string | undefined)[]> {
    const { generation } = this;
    return this.root.getMany(generation === '' ? keys : keys.map((key) => generation + key), TEXT);
  }

  _iterator(options: AbstractIteratorOptions<string, string>): AbstractIterator<this, string, string> {
    return new GenerationIterator(this, options, () => {
      const { root, generation } = this;
      const ranged = generation === '' ? options : { ...options, ...rangeIn(generation, options) };
      return { inner: root.iterator({ ...ranged, ...TEXT }), generation };
    });
  }

  _put(key: string, value: string, options: object): Promise<void> {
    return this._batch([{ type: 'put', key, value }], options);
  }

  _del(key: string, options: object): Promise<void> {
    return this._batch([{ type: 'del', key }], options);
  }

  _batch(operations: Operations, options: object): Promise<void> {
    return this.fence.pass(() => {
      const { root, generation, observer } = this;
      if (observer) for (const { key } of operations) observer.written(key);
      const prefixed =
        generation === '' ? operations : operations.map((each) => ({ ...each, key: generation + each.key }));
      return root.batch([...prefixed], { ...options, ...TEXT });
    });
  }

  _clear(options: AbstractClearOptions<string>): Promise<void> {
    return this.fence.pass(() => {
      const { root, generation, observer } = this;
      observer?.cleared();
      const ranged = generation === '' ? options : { ...options, ...rangeIn(generation, options) };
      return root.clear({ ...ranged, keyEncoding: 'utf8' });
    });
  }

  /** As the root does it, which in memory has nothing to remove. */
  async compactRange(start: string, end: string): Promise<void> {
    const root: CompactableLevel = this.root;
    await root.compactRange?.(this.generation + start, this.generation + end);
  }
}

type Range = Pick<AbstractIteratorOptions<string, string>, 'gt' | 'gte' | 'lt' | 'lte'>;

/** Returns a range of keys within a generation, whose prefix ends with `!`. */
function rangeIn(generation: string, { gt, gte, lt, lte }: Range): Range {
  const from = gt === undefined ? { gte: generation + (gte ?? '') } : { gt: generation + gt };
  if (lt !== undefined) return { ...from, lt: generation + lt };
  return { ...from, ...(lte === undefined ? { lt: `${generation.slice(0, -1)}"` } : { lte: generation + lte }) };
}

interface Opened {
  readonly inner: AbstractIterator<Level, string, string>;
  readonly generation: string;
}

class GenerationIterator<DB> extends AbstractIterator<DB, string, string> {
  private opened: Opened | undefined;

  constructor(
    db: DB,
    options: AbstractIteratorOptions<string, string>,
    private readonly open: () => Opened,
  ) {
    super(db, options);
  }

  async _next(): Promise<Entry | undefined> {
    const entry = await this.inner.next();
    return entry && this.unprefixed([entry])[0];
  }

  async _nextv(size: number): Promise<Entry[]> {
    return this.unprefixed(await this.inner.nextv(size));
  }

  async _all(): Promise<Entry[]> {
    return this.unprefixed(await this.inner.all());
  }

  async _close(): Promise<void> {
    await this.opened?.inner.close();
  }

  private get inner(): AbstractIterator<Level, string, string> {
    this.opened ??= this.open();
    return this.opened.inner;
  }

  private unprefixed(entries: Entry[]): Entry[] {
    const length = this.opened?.generation.length ?? 0;
    if (length === 0) return entries;
    // An iterator over values has no keys.
    return entries.map(([key, value]) => [(key as string | undefined)?.slice(length) as string, value]);
  }
}
