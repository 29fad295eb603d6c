import type { Logger } from 'pino';
import type { Bus, LoggedRecord, RecordHandler } from '../log/bus.js';
import { describeRecords } from '../log/describe-records.js';
import { sendToDeadLetters } from './dead-letters.js';
import { isProgrammingError } from '../tools/programming-error.js';
import { applyRecords, type Refused } from './apply-records.js';
import { AppliedVersions } from './applied-versions.js';
import type { HandlingObserver } from './handling-observer.js';
import type { Subscription } from './subscription.js';

/**
 * Attempts at records on which our own code fails. With the bus's pauses between them they take about ten seconds,
 * enough for a race to end or for a database that returned unexpected results to recover.
 */
const MAX_TRIES = 8;

/**
 * Returns a handler that applies the records of a subscription and sends those that can never be applied to the
 * dead-letter topic. It applies the others first, so that a redelivery after a failure of a dependency does not produce
 * dead letters again. If our own code fails, the records are redelivered a bounded number of times; then the record
 * that it fails on becomes a dead letter, too.
 */
export function recordHandler(
  subscription: Subscription,
  bus: Bus,
  logger: Logger,
  observer?: HandlingObserver,
): RecordHandler {
  const { group } = subscription;
  /** By partition: offset of the first record of the failed delivery, and the number of failures. */
  const failures = new Map<number, { readonly offset: number; readonly count: number }>();

  const handle: RecordApplier = async (records, lease) => {
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
      const deadLetters = refused.map((each) => (each.stack ? { ...each, attempts: failed + each.attempts } : each));
      await sendToDeadLetters(bus, subscription, deadLetters);
      const programmingErrors = deadLetters.filter(({ stack }) => stack).length;
      observer?.onDeadLetters(subscription, { count: deadLetters.length, programmingErrors });
      for (const { record, reason, attempts, stack } of deadLetters) {
        const line = { ...describeRecords([record]), group, reason, attempts, ...(stack && { stack }) };
        logger.error(line, 'record sent to the dead-letter topic');
      }
    }
    failures.delete(partition);
    return refused;
  };
  if (observer) return observed(handle, subscription, observer);
  return async (records, lease) => {
    await handle(records, lease);
  };
}

/** As a record handler; returns the records that became dead letters. */
type RecordApplier = (...delivery: Parameters<RecordHandler>) => Promise<readonly Refused[]>;

function observed(handle: RecordApplier, subscription: Subscription, observer: HandlingObserver): RecordHandler {
  const versions = new AppliedVersions();
  return async (records, lease) => {
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    let refused: readonly Refused[];
    try {
      refused = await handle(records, lease);
    } catch (error) {
      const failed = { applied: 0, skipped: 0, failed: records.length, seconds: seconds() };
      if (!lease.signal.aborted) observer.onHandled(subscription, failed);
      throw error;
    }
    const dead = new Set(refused.map(({ record }) => record));
    const readable = dead.size === 0 ? records : records.filter((record) => !dead.has(record));
    const skipped = versions.addAll(readable);
    observer.onHandled(subscription, { applied: readable.length - skipped, skipped, failed: 0, seconds: seconds() });
  };
}
