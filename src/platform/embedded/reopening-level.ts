import {
  type AbstractBatchOperation,
  type AbstractClearOptions,
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractLevel,
} from 'abstract-level';
import { retryUntilDone } from '../tools/backoff.js';
import { batched } from '../tools/batching.js';
import { unavailable } from '../tools/errors.js';
import type { DependencyHealth } from '../tools/dependency.js';
import type { Level } from './level.js';

type Operations = AbstractBatchOperation<Level, string, string>[];
type Entry = [string, string];

/** A LevelDB on disk. It is a `Level` whose keys and values are text. */
export interface Store {
  /** Name of the location in messages. */
  readonly location: string;
  readonly level: Level;
  /** Called with the error of a failed write. */
  onFailure(error: unknown): void;
  /** Called after the store was reopened. */
  onReopened(): Promise<void>;
}

interface Batch {
  readonly operations: Operations;
  readonly sync: boolean;
}

const LIMITS = { maxBatch: 1_000, maxWaiting: 10_000 };
const NOT_OPEN = new Set(['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_ITERATOR_NOT_OPEN']);
const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/**
 * A level that closes and reopens its LevelDB after a failed write. A full disk leaves a partial record in LevelDB's
 * log. LevelDB acknowledges later records, but silently drops them at the next open. So only one write runs at a time.
 * After a failed one, reads and writes are refused until the store was reopened, which is retried without limit. Only
 * then is it known whether the failed write was applied.
 *
 * This level itself, and its sublevels, stay open meanwhile.
 */
export class ReopeningLevel extends AbstractLevel<string | Buffer | Uint8Array> {
  private failure: Error | undefined;
  private reopening: Promise<void> = Promise.resolve();
  private writing: Promise<unknown> = Promise.resolve();
  /** One promise per open iterator; it resolves when the iterator is closed. */
  private readonly iterating = new Set<Promise<void>>();
  private readonly closed = new AbortController();
  private readonly enqueue = batched<Batch, void>(LIMITS, async (batches) => {
    const operations = batches.flatMap((batch) => batch.operations);
    const options: object = { ...TEXT, sync: batches.some(({ sync }) => sync) };
    await this.write(() => this.store.level.batch(operations, options));
    return [];
  });

  constructor(private readonly store: Store) {
    super({ encodings: { utf8: true } });
  }

  health(): DependencyHealth {
    return this.failure ? { up: false, detail: this.failure.message } : { up: this.status === 'open' };
  }

  async _close(): Promise<void> {
    this.closed.abort();
    await Promise.all([this.writing, this.reopening]);
    await this.store.level.close();
  }

  _get(key: string): Promise<string | undefined> {
    return this.read(() => this.store.level.get(key, TEXT));
  }

  _getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.read(() => this.store.level.getMany(keys, TEXT));
  }

  _iterator(options: AbstractIteratorOptions<string, string>): AbstractIterator<this, string, string> {
    const open = () => this.store.level.iterator({ ...options, ...TEXT });
    const iterator = new ReopeningIterator(this, options, open, (work) => this.read(work));
    this.iterating.add(iterator.done);
    void iterator.done.then(() => this.iterating.delete(iterator.done));
    return iterator;
  }

  _put(key: string, value: string, options: object): Promise<void> {
    return this._batch([{ type: 'put', key, value }], options);
  }

  _del(key: string, options: object): Promise<void> {
    return this._batch([{ type: 'del', key }], options);
  }

  _batch(operations: Operations, options: { readonly sync?: boolean }): Promise<void> {
    return this.enqueue({ operations, sync: options.sync ?? false });
  }

  _clear(options: AbstractClearOptions<string>): Promise<void> {
    return this.write(() => this.store.level.clear({ ...options, keyEncoding: 'utf8' }));
  }

  /**
   * Removes overwritten and deleted values between two keys from the disk. LevelDB keeps the values and files that an
   * open iterator may need. So each pass waits for open iterators, and later ones remove what earlier ones had to keep.
   *
   * The first pass writes what is in memory to the deepest level, a value together with its deletion, where LevelDB
   * rewrites a table only when it merges another one into it. So the others delete the two keys, which are not there:
   * the table of these deletions lies above the whole range.
   * @param start a key that nothing reads, as `end`
   */
  async compactRange(start: string, end: string): Promise<void> {
    const { level } = this.store as { level: Level & { compactRange?(start: string, end: string): Promise<void> } };
    const dels = [start, end].map((key) => ({ type: 'del', key }) as const);
    for (const ends of [[], dels, dels]) {
      await Promise.all(this.iterating);
      if (this.status !== 'open') throw unavailable('the embedded database is closed');
      await this.write(async () => {
        await level.batch(ends, TEXT);
        await level.compactRange?.(start, end);
      });
    }
  }

  private async read<T>(work: () => T | Promise<T>): Promise<T> {
    this.refuseAfterFailure();
    try {
      return await work();
    } catch (error) {
      this.refuseAfterFailure();
      const wasClosedUnderIt = NOT_OPEN.has(String((error as { code?: unknown }).code)) && this.status === 'open';
      throw wasClosedUnderIt ? unavailable('the embedded database was reopened during the read', error) : error;
    }
  }

  private write(work: () => Promise<void>): Promise<void> {
    const written = this.writing.then(async () => {
      this.refuseAfterFailure();
      try {
        await work();
      } catch (error) {
        this.fail(error as Error);
        this.refuseAfterFailure();
      }
    });
    this.writing = written.catch(() => undefined);
    return written;
  }

  private refuseAfterFailure(): void {
    if (this.failure) throw unavailable('the embedded database is being reopened after a failed write', this.failure);
  }

  private fail(cause: Error): void {
    const { location, level } = this.store;
    this.failure = new Error(`${location} is being reopened after a failed write: ${cause.message}`, { cause });
    this.store.onFailure(cause);
    const reopen = async () => {
      await level.close();
      await level.open();
    };
    this.reopening = retryUntilDone(reopen, { signal: this.closed.signal })
      .then(() => {
        this.failure = undefined;
        return this.store.onReopened();
      })
      .catch(() => undefined);
  }
}

class ReopeningIterator<DB> extends AbstractIterator<DB, string, string> {
  /** Resolves when it is closed. */
  readonly done: Promise<void>;
  private opened: AbstractIterator<Level, string, string> | undefined;
  private end!: () => void;

  constructor(
    db: DB,
    options: AbstractIteratorOptions<string, string>,
    private readonly open: () => AbstractIterator<Level, string, string>,
    private readonly read: <T>(work: () => T | Promise<T>) => Promise<T>,
  ) {
    super(db, options);
    this.done = new Promise((resolve) => (this.end = resolve));
  }

  _next(): Promise<Entry | undefined> {
    return this.read(() => this.inner.next());
  }

  _nextv(size: number): Promise<Entry[]> {
    return this.read(() => this.inner.nextv(size));
  }

  _all(): Promise<Entry[]> {
    return this.read(() => this.inner.all());
  }

  async _close(): Promise<void> {
    try {
      await this.opened?.close();
    } finally {
      this.end();
    }
  }

  private get inner(): AbstractIterator<Level, string, string> {
    this.opened ??= this.open();
    return this.opened;
  }
}
