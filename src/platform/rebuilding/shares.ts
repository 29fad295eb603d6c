import type { Bus, NextRecord, PartitionsByTopic } from '../log/bus.js';
import { partitionName } from '../log/position.js';

/** A partition, and the number of its records. */
export interface PartitionSize {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

interface Share {
  records: number;
  readonly partitions: Map<string, number[]>;
}

/** Divides the partitions of topics among workers, as {@link sharesOf} does. @throws PlatformError `unavailable` */
export async function divideLog(
  bus: Pick<Bus, 'extents'>,
  topics: readonly string[],
  workers: number,
): Promise<readonly PartitionsByTopic[]> {
  const sizes = topics.map(async (topic) =>
    (await bus.extents(topic)).flatMap(({ partition, first, end, isFormer }) =>
      isFormer ? [] : { topic, partition, records: end - first },
    ),
  );
  return sharesOf((await Promise.all(sizes)).flat(), workers);
}

/**
 * Divides partitions among workers, so that each has about as many records as the others.
 * @returns at most `workers` shares, none of them empty
 */
export function sharesOf(partitions: readonly PartitionSize[], workers: number): readonly PartitionsByTopic[] {
  if (workers < 1) return [];
  const shares = Array.from({ length: workers }, (): Share => ({ records: 0, partitions: new Map() }));
  for (const { topic, partition, records } of [...partitions].sort((a, b) => b.records - a.records)) {
    const smallest = shares.reduce((least, share) => (isSmaller(share, least) ? share : least));
    smallest.records += records;
    smallest.partitions.set(topic, [...(smallest.partitions.get(topic) ?? []), partition]);
  }
  return shares.flatMap((share) => (share.partitions.size > 0 ? [share.partitions] : []));
}

function isSmaller(one: Share, other: Share): boolean {
  return one.records < other.records || (one.records === other.records && one.partitions.size < other.partitions.size);
}

/** Returns where a reader begins each partition: with the record after those that others have read. */
export function after(reached: readonly NextRecord[]): (topic: string, partition: number) => number {
  const offsets = new Map(reached.map((each) => [partitionName(each), each.next]));
  return (topic, partition) => offsets.get(partitionName({ topic, partition })) ?? 0;
}
