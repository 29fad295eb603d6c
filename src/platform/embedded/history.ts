import type { AbstractSublevel } from 'abstract-level';
import { batched } from '../tools/batching.js';
import {
  chainOf,
  forgottenBefore,
  type ForkedVersion,
  forkKey,
  FORKS,
  type History,
  type HistoryEntry,
  historyKey,
  historyRange,
  isOtherEvent,
  listed,
  type ListedChange,
  type StoredChange,
} from '../views/history.js';
import type { BoundedItems } from '../views/listing.js';
import { resolvedBy } from '../event/extensions.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { EmbeddedAudit } from './audit.js';
import { boundedItems } from './pages.js';
import type { Level } from './level.js';
import { Updates } from './updates.js';
import { type Write, writeDurably } from './writes.js';

interface Edit<State> {
  readonly key: string;
  /** Returns the new stored value, or the same object when nothing changes. */
  readonly apply: (stored: StoredChange<State> | undefined) => StoredChange<State>;
  /** Returns the fork when another event is stored under the key. */
  readonly forkFrom?: (stored: StoredChange<State> | undefined) => ForkedVersion | undefined;
}

/** A history in the embedded database. */
export class EmbeddedHistory<State> implements History<State> {
  private readonly entries: AbstractSublevel<Level, string | Buffer | Uint8Array, string, StoredChange<State>>;
  private readonly edit: (edits: readonly Edit<State>[]) => Promise<void>;

  constructor(
    private readonly level: Level,
    private readonly collection: string,
    private readonly updates = new Updates(),
  ) {
    this.entries = level.sublevel<string, StoredChange<State>>(collection, { valueEncoding: 'json' });
    // One flush at a time: otherwise one could overwrite a value that another has changed since it was read.
    this.edit = batched({ maxBatch: 100, maxWaiting: 10_000 }, (edits) =>
      updates.run(collection, () => this.write(edits.flat())),
    );
  }

  append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    return this.edit(
      entries.map((entry) => ({
        key: historyKey(entry.id, entry.version),
        apply: (stored) => {
          if (stored === undefined) return entry;
          return 'forgotten' in stored ? chainOf(entry) : stored;
        },
        forkFrom: (stored) => {
          const isFork = stored !== undefined && !('forgotten' in stored) && isOtherEvent(stored, entry);
          return isFork ? { id: entry.id, version: entry.version } : undefined;
        },
      })),
    );
  }

  forget(id: string, before: number): Promise<void> {
    return this.edit(
      forgottenBefore(id, before).map((forgotten) => ({
        key: historyKey(id, forgotten.version),
        apply: (stored) => {
          if (stored === undefined) return forgotten;
          return 'state' in stored ? chainOf(stored) : stored;
        },
      })),
    );
  }

  async page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    const range = historyRange(id, after);
    const entries: HistoryEntry<State>[] = [];
    for await (const stored of this.entries.values({ gt: range.after, lt: range.before })) {
      if (!('forgotten' in stored) && entries.push(stored) === limit) break;
    }
    return entries;
  }

  async list(id: string, after: number, limit: number): Promise<BoundedItems<ListedChange>> {
    const entries = await this.page(id, after, limit + 1);
    return boundedItems(entries.map(listed), limit);
  }

  async find(id: string, version: number): Promise<HistoryEntry<State> | undefined> {
    const stored = await this.entries.get(historyKey(id, version));
    return stored && !('forgotten' in stored) ? stored : undefined;
  }

  findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined> {
    return this.newest(id, (entry) => entry.time <= time);
  }

  async newestVersion(id: string): Promise<number> {
    return (await this.newest(id, () => true))?.version ?? 0;
  }

  async forkedVersions(): Promise<readonly ForkedVersion[]> {
    return (await this.entries.values({ gt: FORKS.after, lt: FORKS.before }).all()) as unknown as ForkedVersion[];
  }

  async isForkEnded({ id, version }: ForkedVersion): Promise<boolean> {
    const { after, before } = historyRange(id, version);
    for await (const stored of this.entries.values({ gt: after, lt: before })) {
      if ('extensions' in stored && stored.extensions && resolvedBy(stored.extensions)) return true;
    }
    return false;
  }

  /** Gives access to the entries for a comparison with the log. */
  audit(): Auditable {
    return new EmbeddedAudit<StoredChange<State>>(this.level, this.updates, this.collection, {
      contentOf: (entry) => ({ ...entry }),
      toStored: (content) => content as unknown as StoredChange<State>,
    });
  }

  private async newest(
    id: string,
    isMeant: (entry: HistoryEntry<State>) => boolean,
  ): Promise<HistoryEntry<State> | undefined> {
    const { after, before } = historyRange(id);
    for await (const stored of this.entries.values({ gt: after, lt: before, reverse: true })) {
      if (!('forgotten' in stored) && isMeant(stored)) return stored;
    }
    return undefined;
  }

  private async write(edits: readonly Edit<State>[]): Promise<void[]> {
    const keys = [...new Set(edits.map(({ key }) => key))];
    const stored = await this.entries.getMany(keys);
    const before = new Map(keys.map((key, index) => [key, stored[index]]));
    const after = new Map(before);
    const forks = new Map<string, ForkedVersion>();
    for (const { key, apply, forkFrom } of edits) {
      const fork = forkFrom?.(after.get(key));
      if (fork) forks.set(forkKey(fork.id, fork.version), fork);
      after.set(key, apply(after.get(key)));
    }
    const moved = keys.filter((key) => after.get(key) !== before.get(key)).map((key) => [key, after.get(key)] as const);
    const writes = [...moved, ...forks].map(([key, value]) => ({ type: 'put', sublevel: this.entries, key, value }));
    await writeDurably(this.level, writes as unknown as Write[]);
    return [];
  }
}
