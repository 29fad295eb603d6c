import type { Logger } from 'pino';
import type { Bus, RecordHandler } from '../bus/bus.js';
import { bury } from '../dead-letters/bury.js';
import { applyRecords } from './apply-records.js';
import type { Subscription } from './subscription.js';

/**
 * Applies the records of a subscription, and dead-letters what can never be applied: only after the others are, so that
 * records which come again because a dependency is away do not leave a letter each time.
 * @param onDeadLetters told how many went to the dead letters
 */
export function recordHandler(
  subscription: Subscription,
  bus: Bus,
  logger: Logger,
  onDeadLetters: (count: number) => void = () => undefined,
): RecordHandler {
  const { group } = subscription;
  return async (records, lease) => {
    const refused = await applyRecords(subscription, records, lease);
    if (refused.length === 0) return;
    await bury(bus, subscription, refused);
    onDeadLetters(refused.length);
    for (const { record, reason, attempts } of refused) {
      const { topic, partition, offset } = record;
      logger.error({ topic, partition, offset, group, reason, attempts }, 'record goes to the dead letters');
    }
  };
}
