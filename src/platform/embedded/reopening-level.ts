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
import type { Level } from './rebuild.js';

type Operations = AbstractBatchOperation<Level, string, string>[];
type Entry = [string, string];

/** A LevelDB on disk. It is a `Level` whose keys and values are text. */
export interface Store {
  /** As people know it. */
  readonly location: string;
  readonly level: Level;
  /** Told why a write failed, and when the store is open again. */
  onFailure(error: unknown): void;
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
 * A level over a LevelDB that is closed and opened again after a write that failed. A full disk leaves half a record in
 * LevelDB's log; what is appended after it is acknowledged, and dropped by the next open without a word. So one write is
 * under way at a time, whoever makes it, and after one that failed neither reads nor writes go on until the store has been
 * opened again, which is tried for as long as it takes. What became of the failed one only shows then.
 *
 * Unlike LevelDB itself this stays open meanwhile, and with it all sublevels.
 */
export class ReopeningLevel extends AbstractLevel<string | Buffer | Uint8Array> {
  private failure: Error | undefined;
  private reopening: Promise<void> = Promise.resolve();
  private writing: Promise<unknown> = Promise.resolve();
  /** Resolved as each of the iterators that are open is closed. */
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
   * Takes what was overwritten or deleted between two keys off the disk. LevelDB keeps for an iterator the values, and
   * the files, that were there when it was opened, so those that are open are waited for: before, and for the files again
   * after.
   */
  async compactRange(start: string, end: string): Promise<void> {
    const { level } = this.store as { level: Level & { compactRange?(start: string, end: string): Promise<void> } };
    for (let times = 0; times < 2; times += 1) {
      await Promise.all(this.iterating);
      if (this.status !== 'open') throw unavailable('the embedded database is closed');
      await this.write(async () => level.compactRange?.(start, end));
    }
  }

  private async read<T>(work: () => T | Promise<T>): Promise<T> {
    this.refuseAfterFailure();
    try {
      return await work();
    } catch (error) {
      this.refuseAfterFailure();
      const wasClosedUnderIt = NOT_OPEN.has(String((error as { code?: unknown }).code)) && this.status === 'open';
      throw wasClosedUnderIt ? unavailable('the embedded database was opened again', error) : error;
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
    if (this.failure) throw unavailable('the embedded database is opened again, because a write failed', this.failure);
  }

  private fail(cause: Error): void {
    const { location, level } = this.store;
    this.failure = new Error(`${location} is opened again, because a write failed: ${cause.message}`, { cause });
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
  /** Resolved when it is closed. */
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
