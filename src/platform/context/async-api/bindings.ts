import { settingsOf } from '../../log/topics.js';

export const BINDING = { bindingVersion: '0.5.0' };

/** Returns the Kafka binding of a topic's channel. */
export function topicBinding(topic: string, partitions: number): Readonly<Record<string, unknown>> {
  const { 'cleanup.policy': policy, ...settings } = settingsOf(topic);
  const numbers = Object.entries(settings).map(([name, value]) => [name, Number(value)] as const);
  return {
    topic,
    partitions,
    topicConfiguration: { 'cleanup.policy': [policy], ...Object.fromEntries(numbers) },
    ...BINDING,
  };
}
