import { erasuresTopicOf } from '../privacy/topics.js';
import { deadLetterTopic } from './dead-letter.js';

/** A topic, and how a context uses it. */
export interface TopicUse {
  readonly topic: string;
  readonly uses: readonly ('published' | 'read' | 'dead letters' | 'keys' | 'erasures' | 'console')[];
}

/**
 * Returns the topics that contexts publish and consume, their dead-letter topics, and the topics of keys and erasures.
 * @param keys the topics of the keys that they use
 */
export function topicsUsed(
  publishes: readonly { readonly topic: string }[],
  reads: readonly { readonly topic: string; readonly group: string }[],
  keys: readonly string[] = [],
): readonly TopicUse[] {
  const pairs = [
    ...publishes.map(({ topic }) => [topic, 'published'] as const),
    ...reads.map(({ topic }) => [topic, 'read'] as const),
    ...reads.map(({ topic, group }) => [deadLetterTopic({ topic, group }), 'dead letters'] as const),
    ...keys.flatMap((topic) => [[topic, 'keys'] as const, [erasuresTopicOf(topic), 'erasures'] as const]),
  ];
  const topics = [...new Set(pairs.map(([topic]) => topic))];
  return topics.map((topic) => ({
    topic,
    uses: [...new Set(pairs.filter(([other]) => other === topic).map(([, use]) => use))],
  }));
}
