import type { Bus } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import type { Subscription } from './subscription.js';

/** The lag of one consumer group on one topic. */
export interface ConsumerLag {
  readonly topic: string;
  readonly group: string;
  /** In records; undefined while the bus is unavailable. */
  readonly lag?: number;
}

type Consumed = Pick<Subscription, 'topic' | 'group'>;

/** Returns a function that reports the current lag of each subscription. It never throws and never waits long. */
export function consumerLags(bus: Bus, subscriptions: readonly Consumed[]): () => Promise<readonly ConsumerLag[]> {
  const count = cached(() => Promise.all(subscriptions.map(({ topic, group }) => bus.consumerLag(group, topic))));
  return async () => {
    const counts = await count();
    return subscriptions.map(({ topic, group }, index) => {
      const lag = counts?.[index];
      return { topic, group, ...(lag !== undefined && { lag }) };
    });
  };
}
