import type { Logger } from 'pino';
import type { Bus, LoggedRecord, RecordHandler } from '../log/bus.js';
import { describeRecords } from '../log/describe-records.js';
import { sendToDeadLetters } from './send-to-dead-letters.js';
import { isProgrammingError } from '../tools/programming-error.js';
import { applyRecords } from './apply-records.js';
import type { Subscription } from './subscription.js';

/**
 * How often records are tried on which our own code fails. With the pauses of the bus between them that takes about ten
 * seconds, in which a race is over, or a database that answers nonsense is itself again.
 */
const MAX_TRIES = 8;

/** What went to the dead letters at a time. */
export interface DeadLettered {
  readonly count: number;
  /** Of them, those on which our own code failed. */
  readonly programmingErrors: number;
}

/**
 * Applies the records of a subscription, and dead-letters what can never be applied: only after the others are, so that
 * records which come again because a dependency is away do not leave a letter each time. Where our own code fails, the
 * records come again a bounded number of times; then the one that it fails on is dead-lettered, too.
 * @param onDeadLetters told how many went to the dead letters
 */
export function recordHandler(
  subscription: Subscription,
  bus: Bus,
  logger: Logger,
  onDeadLetters: (givenUp: DeadLettered) => void = () => undefined,
): RecordHandler {
  const { group } = subscription;
  /** By partition: the first of the records that our code failed on, and how often. */
  const failures = new Map<number, { readonly offset: number; readonly count: number }>();

  return async (records, lease) => {
    const { partition, offset } = records[0] as LoggedRecord;
    const known = failures.get(partition);
    const failed = known?.offset === offset ? known.count : 0;
    const isLastTry = failed >= MAX_TRIES - 1;
    const refused = await applyRecords(subscription, records, lease, isLastTry ? 'refuse' : 'throw').catch(
      (error: unknown) => {
        const isOurs = !lease.signal.aborted && isProgrammingError(error);
        if (isOurs) failures.set(partition, { offset, count: failed + 1 });
        throw error;
      },
    );
    if (refused.length > 0) {
      const letters = refused.map((each) => (each.stack ? { ...each, attempts: failed + each.attempts } : each));
      await sendToDeadLetters(bus, subscription, letters);
      const programmingErrors = letters.filter(({ stack }) => stack).length;
      onDeadLetters({ count: letters.length, programmingErrors });
      for (const { record, reason, attempts, stack } of letters) {
        const line = { ...describeRecords([record]), group, reason, attempts, ...(stack && { stack }) };
        logger.error(line, 'record goes to the dead letters');
      }
    }
    failures.delete(partition);
  };
}
