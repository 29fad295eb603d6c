import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, BusRecord, LoggedRecord } from '../log/bus.js';
import { isShredded } from './data-key.js';
import { parseKeyRecord, toKeyRecord } from './key-records.js';
import type { KeySource } from './key-source.js';

const INTERVAL_MS = 60_000;

export interface KeyWatchOptions {
  readonly topic: string;
  readonly bus: Pick<Bus, 'extents' | 'read' | 'publish'>;
  /** The documents of the persons. */
  readonly documents: KeySource;
  /** Returns the offsets, by partition, up to which the topic was searched before. */
  readonly searched: () => Promise<ReadonlyMap<number, number>>;
  /** Stores the offset after these records. */
  readonly onSearched: (last: LoggedRecord) => Promise<void>;
  /** Called when the topic ends before an offset that was searched. */
  readonly onShorter: () => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Takes back the keys of erased persons that appear on the topic of keys: one was published late by a process that had
 * stopped for a while, or the topic was restored from a backup. Now and then is enough, since readers know who is erased.
 */
export async function watchKeys(options: KeyWatchOptions, signal: AbortSignal): Promise<void> {
  const pause = () => sleep(INTERVAL_MS, true, { signal, ref: false }).catch(() => false);
  do {
    await withdrawDestroyed(options).catch((error: unknown) => {
      if (!signal.aborted) options.onFailure(error);
    });
  } while (await pause());
}

/** Searches what was added to the topic since the last search. */
export async function withdrawDestroyed(options: KeyWatchOptions): Promise<void> {
  const { topic, bus } = options;
  const [searched, extents] = [await options.searched(), await bus.extents(topic)];
  const ends = new Map(extents.map(({ partition, end }) => [partition, end]));
  const isShorter = [...searched].some(([partition, next]) => next > (ends.get(partition) ?? 0));
  if (isShorter) options.onShorter();
  // A topic that ends before was restored, and is searched from its beginning.
  const startOf = (partition: number) => {
    const next = searched.get(partition) ?? 0;
    return next > (ends.get(partition) ?? 0) ? 0 : next;
  };
  if (extents.every(({ partition, first, end }) => Math.max(first, startOf(partition)) >= end)) return;
  const take = async (records: readonly LoggedRecord[]) => {
    const withdrawn = await withdrawalsOf(records, options.documents);
    if (withdrawn.length > 0) await bus.publish(topic, withdrawn);
    await options.onSearched(records.at(-1) as LoggedRecord);
  };
  const reader = await bus.read([topic], take, { startAt: (_topic, partition) => startOf(partition) });
  await reader.caughtUp().finally(() => reader.stop());
}

async function withdrawalsOf(records: readonly LoggedRecord[], documents: KeySource): Promise<BusRecord[]> {
  const newest = new Map(
    records.flatMap((record) => parseKeyRecord(record) ?? []).map((each) => [each.person, each.key]),
  );
  const published = [...newest].flatMap(([person, key]) => (key ? [person] : []));
  const stored = published.length === 0 ? new Map<string, never>() : await documents.find(published);
  return [...stored].flatMap(([person, key]) => (isShredded(key) ? [toKeyRecord(person, key)] : []));
}
