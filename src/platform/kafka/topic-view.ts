import type { KafkaMessage } from 'kafkajs';
import type { Continuation, LoggedRecord } from '../log/bus.js';
import type { Generation } from '../log/generations.js';
import { toRecord } from './record.js';

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

/** Converts a kafkajs message to a record of the port. @param partition its number in Kafka */
export function toLoggedRecord(view: TopicView, partition: number, message: KafkaMessage): LoggedRecord {
  const { topic, firstPartition } = view;
  return { topic, partition: firstPartition + partition, offset: Number(message.offset), ...toRecord(message) };
}

/** Returns by partition where a group begins, if it has committed no offset. */
export function beginsOf(view: TopicView | undefined): readonly number[] {
  return [...(view?.continues ?? [])].sort(([one], [other]) => one - other).map(([, { at }]) => at);
}
