import type { Bus, LoggedRecord } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { applyRecords } from './apply-records.js';
import type { Subscription } from './subscription.js';
import { type Consumed, locationName, redrivenTopic, toRedrivenMarker } from './dead-letter.js';
import { type DeadLetter, readOriginals } from './dead-letters.js';

/** A dead letter that still cannot be applied. */
export interface FailedRedrive {
  readonly id: string;
  /** The reason, without any value of the record. */
  readonly reason: string;
}

/** Most records that are applied before they are marked as redriven. */
const MAX_BATCH = 500;
/** Most bytes of records in memory. The dead-letter topic is read once for each round of this size. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/**
 * Re-applies dead-lettered records in log order and marks each success as redriven. Returns those that still fail. Safe
 * to repeat and to run concurrently: versions guard every write.
 * @throws errors of unavailable dependencies, and the reason of `signal` once that is aborted; records marked by then
 * stay redriven
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
      await markAsRedriven(
        bus,
        subscription,
        some.filter(({ id }) => !reasons.has(id)),
      );
      for (const [id, reason] of reasons) failed.push({ id, reason });
    }
  }
  return failed;
}

/** Returns the reasons of those that still fail, by id. */
async function apply(
  subscription: Subscription,
  deadLetters: readonly DeadLetter[],
  originals: ReadonlyMap<string, LoggedRecord>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  const records: LoggedRecord[] = [];
  for (const { id, latest } of deadLetters) {
    const original = originals.get(id);
    if (!latest.origin) reasons.set(id, latest.reason);
    else if (!original) reasons.set(id, 'it is not in the log any more');
    else records.push(original);
  }
  const refused = await applyRecords(subscription, records, leaseUntil(signal), 'refuse');
  for (const { record, reason } of refused) reasons.set(locationName(record), reason);
  return reasons;
}

async function markAsRedriven(bus: Bus, consumed: Consumed, deadLetters: readonly DeadLetter[]): Promise<void> {
  const markers = deadLetters.flatMap(({ latest, pending }) =>
    pending.map((location) => toRedrivenMarker(location, latest.key)),
  );
  if (markers.length === 0) return;
  const topic = redrivenTopic(consumed);
  await bus.createTopics([topic]);
  await bus.publish(topic, markers);
}

function roundsOf(deadLetters: readonly DeadLetter[]): DeadLetter[][] {
  const rounds: DeadLetter[][] = [];
  let bytes = Infinity;
  for (const deadLetter of deadLetters) {
    if (bytes + deadLetter.latest.bytes > MAX_BATCH_BYTES) {
      rounds.push([]);
      bytes = 0;
    }
    rounds.at(-1)?.push(deadLetter);
    bytes += deadLetter.latest.bytes;
  }
  return rounds;
}
