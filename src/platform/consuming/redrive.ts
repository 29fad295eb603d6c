import type { Bus, LoggedRecord } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { applyRecords } from './apply-records.js';
import type { Subscription } from './subscription.js';
import { type Consumed, locationName, receiptTopic, toReceipt } from './dead-letter.js';
import { type DeadLetter, readOriginals } from './dead-letters.js';

/** A dead letter that stays one. */
export interface FailedRedrive {
  readonly id: string;
  /** Why; it names no value of the record. */
  readonly reason: string;
}

/** Records that are applied before their receipts are written. */
const MAX_BATCH = 500;
/** Of records in memory at a time: all letters are read through for each so many. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/**
 * Has today's code apply the records of dead letters, in order and as where they were in the log, and writes a receipt
 * for each that it could. Answers those that it could not. Safe to repeat, and to run twice at once: what is applied is
 * guarded by its version.
 * @throws whatever a dependency that is away does, and the reason of `signal` once that is aborted; what has its receipt
 * by then is done.
 */
export async function redrive(
  bus: Bus,
  subscription: Subscription,
  deadLetters: readonly DeadLetter[],
  signal: AbortSignal,
): Promise<readonly FailedRedrive[]> {
  const failed: FailedRedrive[] = [];
  for (const round of roundsOf(deadLetters)) {
    const originals = await readOriginals(bus, round);
    for (let from = 0; from < round.length; from += MAX_BATCH) {
      signal.throwIfAborted();
      const some = round.slice(from, from + MAX_BATCH);
      const reasons = await apply(subscription, some, originals, signal);
      await writeReceipts(
        bus,
        subscription,
        some.filter(({ id }) => !reasons.has(id)),
      );
      for (const [id, reason] of reasons) failed.push({ id, reason });
    }
  }
  return failed;
}

/** Answers why those that stay do, by id. */
async function apply(
  subscription: Subscription,
  deadLetters: readonly DeadLetter[],
  originals: ReadonlyMap<string, LoggedRecord>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  const records: LoggedRecord[] = [];
  for (const { id, letter } of deadLetters) {
    const original = originals.get(id);
    if (!letter.origin) reasons.set(id, letter.reason);
    else if (!original) reasons.set(id, 'it is not in the log any more');
    else records.push(original);
  }
  const refused = await applyRecords(subscription, records, leaseUntil(signal), 'refuse');
  for (const { record, reason } of refused) reasons.set(locationName(record), reason);
  return reasons;
}

async function writeReceipts(bus: Bus, consumed: Consumed, deadLetters: readonly DeadLetter[]): Promise<void> {
  const receipts = deadLetters.flatMap(({ letter, waiting }) =>
    waiting.map((location) => toReceipt(location, letter.key)),
  );
  if (receipts.length === 0) return;
  const topic = receiptTopic(consumed);
  await bus.createTopics([topic]);
  await bus.publish(topic, receipts);
}

function roundsOf(deadLetters: readonly DeadLetter[]): DeadLetter[][] {
  const rounds: DeadLetter[][] = [];
  let bytes = Infinity;
  for (const deadLetter of deadLetters) {
    if (bytes + deadLetter.letter.bytes > MAX_BATCH_BYTES) {
      rounds.push([]);
      bytes = 0;
    }
    rounds.at(-1)?.push(deadLetter);
    bytes += deadLetter.letter.bytes;
  }
  return rounds;
}
