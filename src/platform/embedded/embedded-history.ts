import type { AbstractSublevel } from 'abstract-level';
import { type History, type HistoryEntry, historyKey, historyRange } from '../history/history.js';
import type { Auditable } from '../replay/auditable.js';
import { EmbeddedAudit } from './embedded-audit.js';
import { type Level, type Write, writeDurably } from './embedded-database.js';

/** A history in the embedded database. */
export class EmbeddedHistory<State> implements History<State> {
  private readonly entries: AbstractSublevel<Level, string | Buffer | Uint8Array, string, HistoryEntry<State>>;

  constructor(
    private readonly level: Level,
    private readonly collection: string,
  ) {
    this.entries = level.sublevel<string, HistoryEntry<State>>(collection, { valueEncoding: 'json' });
  }

  async append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    const first = new Map<string, HistoryEntry<State>>();
    for (const entry of entries) {
      const key = historyKey(entry.id, entry.version);
      if (!first.has(key)) first.set(key, entry);
    }
    const keys = [...first.keys()];
    const stored = await this.entries.getMany(keys);
    await this.put(keys.filter((_, index) => stored[index] === undefined).map((key) => first.get(key)));
  }

  async forget(id: string, before: number): Promise<void> {
    const { after } = historyRange(id);
    const earlier = await this.entries.values({ gt: after, lt: historyKey(id, before) }).all();
    await this.put(earlier.map(({ state: _, ...chain }) => chain));
  }

  page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    const range = historyRange(id, after);
    return this.entries.values({ gt: range.after, lt: range.before, limit }).all();
  }

  find(id: string, version: number): Promise<HistoryEntry<State> | undefined> {
    return this.entries.get(historyKey(id, version));
  }

  async findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined> {
    const { after, before } = historyRange(id);
    for await (const entry of this.entries.values({ gt: after, lt: before, reverse: true })) {
      if (entry.time <= time) return entry;
    }
    return undefined;
  }

  async newestVersion(id: string): Promise<number> {
    const { after, before } = historyRange(id);
    const [newest] = await this.entries.values({ gt: after, lt: before, reverse: true, limit: 1 }).all();
    return newest?.version ?? 0;
  }

  /** Lets the entries be held against the log. */
  audit(): Auditable {
    return new EmbeddedAudit<HistoryEntry<State>>(this.level, this.collection, {
      contentOf: (entry) => ({ ...entry }),
      toStored: (content) => content as unknown as HistoryEntry<State>,
    });
  }

  private async put(entries: readonly (HistoryEntry<State> | undefined)[]): Promise<void> {
    const writes = entries.flatMap((entry) =>
      entry ? [{ type: 'put', sublevel: this.entries, key: historyKey(entry.id, entry.version), value: entry }] : [],
    );
    await writeDurably(this.level, writes as unknown as Write[]);
  }
}
