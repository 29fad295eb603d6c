import type { Bus } from './bus.js';
import { partitionsChanged } from './topics.js';

/**
 * Stores permanently how many partitions a topic had when it was first used. The partition of a key depends on that
 * number: after a change, the versions of one aggregate would be in two partitions, without an order.
 */
export interface PartitionPins {
  /** Returns the stored numbers of partitions, by topic. */
  pinned(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Stores these numbers, except for topics that have one already. */
  pin(partitions: ReadonlyMap<string, number>): Promise<void>;
}

/** Returns an error for each topic whose number of partitions differs from the stored one. */
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

/** Returns the number of partitions that any of `pins` has stored, by topic. */
export async function pinnedPartitions(
  pins: readonly PartitionPins[],
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const remembered = await Promise.all(pins.map((each) => each.pinned(topics)));
  return new Map(remembered.flatMap((each) => [...each]));
}

/**
 * Creates missing topics, with their former number of partitions if they existed before, and stores the numbers of new
 * topics.
 * @throws PlatformError `partitions-changed` for a topic with another number of partitions, `too-few-brokers`
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
