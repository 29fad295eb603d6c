import type { Admin } from 'kafkajs';
import type { Extent, PartitionLag } from '../log/bus.js';
import { activeOf, type Generations } from '../log/generations.js';
import { endsOf, formerOf } from './group-views.js';
import { plainView, type TopicView, viewOf } from './topic-view.js';
import { existingTopics, extentsOf, remaining } from './topics.js';

/**
 * Returns what a group has not consumed of each partition of a topic. If the topic was switched to another generation,
 * the group first consumes the rest of the former one, and then what is published after the copies.
 * @param known undefined if the topic has only one generation
 */
export async function consumerLag(
  admin: Admin,
  group: string,
  topic: string,
  known: Generations | undefined,
): Promise<readonly PartitionLag[]> {
  const former = known && formerOf(known);
  const active = known && activeOf(known);
  const begins = former && active?.starts;
  const lags = await lagOn(admin, group, active ? viewOf(topic, active) : plainView(topic), begins);
  if (former?.state !== 'retired' || !active) return lags;
  const startOf = ({ partition }: PartitionLag) => begins?.[partition - active.firstPartition] ?? 0;
  const own = lags.map((each) => {
    const next = Math.max(each.next, startOf(each));
    return { ...each, next, end: Math.max(next, each.end) };
  });
  if (own.some((each) => (each.committed ?? 0) > startOf(each))) return own;
  const rest = await lagOn(admin, group, viewOf(topic, former));
  // Kafka forgets the offsets of a topic that a group no longer consumes. Without any, the former one is consumed.
  if (rest.every(({ committed }) => committed === undefined)) return own;
  const ends = new Map(endsOf(former).map(({ partition, end }) => [partition, end]));
  // After the last event come the records that ended the generation.
  return [...rest.map((each) => ({ ...each, end: Math.max(each.next, ends.get(each.partition) ?? 0) })), ...own];
}

async function lagOn(
  admin: Admin,
  groupId: string,
  { name, firstPartition }: TopicView,
  begins?: readonly number[],
): Promise<readonly PartitionLag[]> {
  const topics = await existingTopics(admin, [name]);
  if (topics.length === 0) return [];
  const [found] = await admin.fetchOffsets({ groupId, topics });
  const taken = found?.partitions ?? [];
  const offsets = new Map(taken.map(({ partition, offset }) => [partition, Number(offset)]));
  return remaining(await extentsOf(admin, name), taken, begins).map(({ partition, first, end }: Extent) => {
    const committed = offsets.get(partition) ?? -1;
    return {
      partition: firstPartition + partition,
      // Negative when the group has committed nothing.
      ...(committed >= 0 && { committed }),
      next: first,
      // A committed offset may be newer than the end offset that was fetched after it, from another broker.
      end: Math.max(first, end),
    };
  });
}
