import { deadLetterTopic } from './dead-letter.js';

/** A topic, and how a context uses it. */
export interface TopicUse {
  readonly topic: string;
  readonly uses: readonly ('published' | 'read' | 'dead letters')[];
}

/** Returns the topics that contexts publish and consume, and their dead-letter topics. */
export function topicsUsed(
  publishes: readonly { readonly topic: string }[],
  reads: readonly { readonly topic: string; readonly group: string }[],
): readonly TopicUse[] {
  const pairs = [
    ...publishes.map(({ topic }) => [topic, 'published'] as const),
    ...reads.map(({ topic }) => [topic, 'read'] as const),
    ...reads.map(({ topic, group }) => [deadLetterTopic({ topic, group }), 'dead letters'] as const),
  ];
  const topics = [...new Set(pairs.map(([topic]) => topic))];
  return topics.map((topic) => ({
    topic,
    uses: [...new Set(pairs.filter(([other]) => other === topic).map(([, use]) => use))],
  }));
}
