import type { Bus } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import type { Subscription } from './subscription.js';

/** How many records of a topic a consumer group has still to take. */
export interface ConsumerLag {
  readonly topic: string;
  readonly group: string;
  /** Undefined while the bus does not tell. */
  readonly unread?: number;
}

type Consumed = Pick<Subscription, 'topic' | 'group'>;

/** Counts, whenever asked, what the subscriptions have still to take. Never throws, and never takes long. */
export function consumerLags(bus: Bus, subscriptions: readonly Consumed[]): () => Promise<readonly ConsumerLag[]> {
  const count = cached(() => Promise.all(subscriptions.map(({ topic, group }) => bus.consumerLag(group, topic))));
  return async () => {
    const counts = await count();
    return subscriptions.map(({ topic, group }, index) => {
      const unread = counts?.[index];
      return { topic, group, ...(unread !== undefined && { unread }) };
    });
  };
}
