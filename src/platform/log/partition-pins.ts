import type { Bus } from './bus.js';
import { partitionsChanged } from './topics.js';

/**
 * Remembers permanently how many partitions a topic had when it was first used. A key's partition follows from that
 * number: with another one the versions of one aggregate would be in two partitions, in no order.
 */
export interface PartitionPins {
  /** The numbers of those of the topics that are remembered. */
  pinned(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Remembers these numbers, except where another one is remembered already. */
  pin(partitions: ReadonlyMap<string, number>): Promise<void>;
}

/** An error for each topic that has another number of partitions than is remembered. */
export async function changedPartitions(
  pins: readonly PartitionPins[],
  found: ReadonlyMap<string, number>,
): Promise<Error[]> {
  const remembered = await Promise.all(pins.map((each) => each.pinned([...found.keys()])));
  return [...found].flatMap(([topic, partitions]) => {
    const first = remembered.map((each) => each.get(topic)).find((each) => each !== undefined && each !== partitions);
    return first === undefined ? [] : [partitionsChanged(topic, partitions, first)];
  });
}

/** How many partitions those of the topics have, or had, that any of them remembers. */
export async function pinnedPartitions(
  pins: readonly PartitionPins[],
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const remembered = await Promise.all(pins.map((each) => each.pinned(topics)));
  return new Map(remembered.flatMap((each) => [...each]));
}

/**
 * Creates the topics that are missing, with the partitions that they had if they were there before, and remembers the
 * numbers of partitions of those that are new.
 * @throws PlatformError `partitions-changed` for a topic that has another number now; `too-few-brokers`
 */
export async function createPinnedTopics(
  bus: Pick<Bus, 'createTopics' | 'countPartitions'>,
  pins: readonly PartitionPins[],
  topics: readonly string[],
): Promise<void> {
  await bus.createTopics(topics, await pinnedPartitions(pins, topics));
  const found = await bus.countPartitions(topics);
  for (const each of pins) await each.pin(found);
  const [changed] = await changedPartitions(pins, found);
  if (changed) throw changed;
}
