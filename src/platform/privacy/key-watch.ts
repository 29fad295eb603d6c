import { setTimeout as sleep } from 'node:timers/promises';
import { isSameLog, type Position } from '../log/position.js';
import type { Bus, BusRecord, LoggedRecord } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import { parseKeyRecord, toKeyRecord } from './key-records.js';
import type { KeyStore } from './rotate-keys.js';

const INTERVAL_MS = 60_000;

export interface KeyWatchOptions {
  readonly topic: string;
  readonly bus: Pick<Bus, 'extents' | 'read' | 'publish'>;
  /** The documents of the persons. */
  readonly documents: Pick<KeyStore, 'findShredded'>;
  /** Returns the positions up to which the topic was searched before, one for each partition. */
  readonly searched: () => Promise<readonly Position[]>;
  /** Stores the offset after these records. */
  readonly onSearched: (last: LoggedRecord) => Promise<void>;
  /** Called when the topic lacks a record that was searched. */
  readonly onReplaced: () => void;
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

/** Searches what was added to the topic since the last search, or all of it where the topic was restored since. */
export async function withdrawDestroyed(options: KeyWatchOptions): Promise<void> {
  const { topic, bus } = options;
  const [searched, extents] = [await options.searched(), await bus.extents(topic)];
  const ends = new Map(extents.map(({ partition, end }) => [partition, end]));
  const endOf = ({ partition }: Pick<Position, 'partition'>) => ends.get(partition) ?? 0;
  const known = new Map(searched.map((position) => [position.partition, position]));
  const replaced = new Set(searched.filter((each) => each.next > endOf(each)).map(({ partition }) => partition));
  const nextOf = (partition: number) => (replaced.has(partition) ? 0 : (known.get(partition)?.next ?? 0));
  const isSearched = extents.every(({ partition, first, end }) => Math.max(first, nextOf(partition)) >= end);
  if (!isSearched) {
    // One record early, to see whether it is still there.
    for (const partition of await search(options, (each) => Math.max(0, nextOf(each) - 1), known)) {
      replaced.add(partition);
    }
  }
  if (replaced.size === 0) return;
  options.onReplaced();
  await search(options, (partition) => (replaced.has(partition) ? 0 : endOf({ partition })), new Map());
}

/**
 * Searches a topic from these offsets on.
 * @returns the partitions that lack the record before the known position, of which nothing was searched
 */
async function search(
  { topic, bus, documents, onSearched }: KeyWatchOptions,
  startOf: (partition: number) => number,
  known: ReadonlyMap<number, Position>,
): Promise<ReadonlySet<number>> {
  const unconfirmed = new Map(known);
  const replaced = new Set<number>();
  const take = async (records: readonly LoggedRecord[]) => {
    const [first, last] = [records[0] as LoggedRecord, records.at(-1) as LoggedRecord];
    const { partition } = first;
    const position = unconfirmed.get(partition);
    unconfirmed.delete(partition);
    if (position && !isSameLog(position, first)) replaced.add(partition);
    if (replaced.has(partition)) return;
    const withdrawn = await withdrawalsOf(records, documents);
    if (withdrawn.length > 0) await bus.publish(topic, withdrawn);
    await onSearched(last);
  };
  await readToEnd(bus, [topic], take, { startAt: (_topic, partition) => startOf(partition) });
  return replaced;
}

async function withdrawalsOf(
  records: readonly LoggedRecord[],
  documents: KeyWatchOptions['documents'],
): Promise<BusRecord[]> {
  const newest = new Map(
    records.flatMap((record) => parseKeyRecord(record) ?? []).map((each) => [each.person, each.key]),
  );
  const published = [...newest].flatMap(([person, key]) => (key ? [person] : []));
  const shredded = await documents.findShredded(published);
  return [...shredded].map(([person, key]) => toKeyRecord(person, key));
}
