import { deadLetterTopic } from './dead-letter.js';

/** A topic, and what a context has to do with it. */
export interface TopicUse {
  readonly topic: string;
  readonly uses: readonly ('published' | 'read' | 'dead letters')[];
}

/** The topics that a context, or a process of several, publishes and reads, and those that get what it gives up on. */
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
