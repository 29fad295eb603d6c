import type { Bus, LoggedRecord } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { applyRecords } from './apply-records.js';
import type { Subscription } from './subscription.js';
import { locationName } from './dead-letter.js';
import { toRedrivenMarker } from './dead-letter-markers.js';
import { type DeadLetter, type DeadLetterState, readDeadLetters, readOriginals } from './dead-letters.js';
import { publishMarkers } from './publish-markers.js';
import { select, type Selection } from './select-dead-letters.js';

/** What a redrive did with a dead letter. */
export type RedriveOutcome = { readonly id: string } & (
  | { readonly outcome: 'redriven' }
  /** It still cannot be applied. The reason is without any value of the record. */
  | { readonly outcome: 'failed'; readonly reason: string }
  | { readonly outcome: 'unchanged'; readonly state: DeadLetterState }
);

/** Most records that are applied before they are marked as redriven. */
const MAX_BATCH = 500;
/** Most bytes of records in memory. The dead-letter topic is read once for each round of this size. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/**
 * Re-applies the selected dead letters of a consumer group in log order and marks each success as redriven. A discarded
 * one is redriven only if it is selected by its id. Returns the outcome of each; none if no dead letter was selected.
 * Safe to repeat and to run concurrently: versions guard every write.
 * @throws errors of unavailable dependencies, and the reason of `signal` once that is aborted; records marked by then
 * stay redriven
 */
export async function redriveSelected(
  bus: Bus,
  subscription: Subscription,
  selection: Selection,
  signal: AbortSignal,
): Promise<readonly RedriveOutcome[]> {
  const selected = select(await readDeadLetters(bus, subscription), selection);
  const unchanged = selected
    .filter(({ state }) => state === 'redriven')
    .map(({ id, state }) => ({ id, outcome: 'unchanged', state }) as const);
  const others = selected.filter(({ state }) => state !== 'redriven');
  return [...unchanged, ...(await redrive(bus, subscription, others, signal))];
}

/** As {@link redriveSelected}, of these dead letters. */
export async function redrive(
  bus: Bus,
  subscription: Subscription,
  deadLetters: readonly DeadLetter[],
  signal: AbortSignal,
): Promise<readonly RedriveOutcome[]> {
  const outcomes: RedriveOutcome[] = [];
  for (const round of roundsOf(deadLetters)) {
    const originals = await readOriginals(bus, round);
    for (let from = 0; from < round.length; from += MAX_BATCH) {
      signal.throwIfAborted();
      const some = round.slice(from, from + MAX_BATCH);
      const reasons = await apply(subscription, some, originals, signal);
      const markers = some
        .filter(({ id }) => !reasons.has(id))
        .flatMap(({ latest, unapplied }) => unapplied.map((location) => toRedrivenMarker(location, latest.key)));
      await publishMarkers(bus, subscription, markers);
      for (const { id } of some) {
        const reason = reasons.get(id);
        outcomes.push(reason === undefined ? { id, outcome: 'redriven' } : { id, outcome: 'failed', reason });
      }
    }
  }
  return outcomes;
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
