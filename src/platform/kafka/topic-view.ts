import type { Continuation, LoggedRecord, PartitionsByTopic } from '../log/bus.js';
import type { Generation, Generations } from '../log/generations.js';
import { type FetchedMessage, toRecord } from './record.js';

/** How a topic of the bus appears in Kafka. */
export interface TopicView {
  /** The topic of the bus. */
  readonly topic: string;
  /** The topic in Kafka. */
  readonly name: string;
  /** The number that the bus has for the first partition. */
  readonly firstPartition: number;
  /** By partition in Kafka: where a group may begin; undefined if the topic has no former generation. */
  readonly continues?: ReadonlyMap<number, Continuation>;
}

/** Returns the view of a topic that has no generations. */
export function plainView(topic: string): TopicView {
  return { topic, name: topic, firstPartition: 0 };
}

/** Returns the view of a generation. */
export function viewOf(topic: string, { name, firstPartition }: Generation): TopicView {
  return { topic, name, firstPartition };
}

/** Returns the view of the generation with this partition of the bus. @param known undefined if there is only one */
export function viewWith(topic: string, partition: number, known: Generations | undefined): TopicView {
  const found = known?.generations.findLast(({ firstPartition }) => firstPartition <= partition);
  return found ? viewOf(topic, found) : plainView(topic);
}

/** Converts a fetched record to a record of the port. @param partition its number in Kafka */
export function toLoggedRecord(view: TopicView, partition: number, message: FetchedMessage): LoggedRecord {
  const { topic, firstPartition } = view;
  return { topic, partition: firstPartition + partition, offset: Number(message.offset), ...toRecord(message) };
}

/** Returns assigned partitions by the names and numbers of the bus. @param assigned by the names in Kafka */
export function onTheBus(
  assigned: PartitionsByTopic | undefined,
  views: ReadonlyMap<string, TopicView>,
): PartitionsByTopic {
  const entries = [...(assigned ?? [])].flatMap(([name, partitions]) => {
    const view = views.get(name);
    return view ? [[view.topic, partitions.map((each) => view.firstPartition + each)] as const] : [];
  });
  return new Map(entries);
}

/** Returns by partition where a group begins, if it has committed no offset. */
export function beginsOf(view: TopicView | undefined): readonly number[] {
  return [...(view?.continues ?? [])].sort(([one], [other]) => one - other).map(([, { at }]) => at);
}
