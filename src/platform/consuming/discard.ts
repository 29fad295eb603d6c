import type { Bus } from '../log/bus.js';
import { hasCardNumber } from '../tools/card-numbers.js';
import { PlatformError } from '../tools/errors.js';
import type { Consumed } from './dead-letter.js';
import { type Discard, toDiscardedMarker } from './dead-letter-markers.js';
import { type DeadLetter, type DeadLetterState, readDeadLetters } from './dead-letters.js';
import { publishMarkers } from './publish-markers.js';
import { select, type Selection } from './select-dead-letters.js';

/** What a discard did with a dead letter. */
export type DiscardOutcome = { readonly id: string } & (
  { readonly outcome: 'discarded' } | { readonly outcome: 'unchanged'; readonly state: DeadLetterState }
);

/** Characters of a reason. */
const MAX_REASON_LENGTH = 500;
/** Most markers that are published at a time. */
const MAX_BATCH = 500;

/**
 * Marks the selected dead letters of a consumer group as discarded, so that they are not pending any more. Deletes and
 * applies nothing; a redrive by id is still possible. Returns the outcome of each; none if no dead letter was selected.
 * Safe to repeat, and to run concurrently, also with a redrive: a dead letter that both have marked is redriven.
 * @throws PlatformError `discard-reason-invalid`; errors of an unavailable bus, and the reason of `signal` once that is
 * aborted: dead letters marked by then stay discarded
 */
export async function discardSelected(
  bus: Bus,
  consumed: Consumed,
  selection: Selection,
  why: Discard,
  signal: AbortSignal,
): Promise<readonly DiscardOutcome[]> {
  refuseReason(why.reason);
  return discard(bus, consumed, select(await readDeadLetters(bus, consumed), selection), why, signal);
}

/** As {@link discardSelected}, of these dead letters. Those that are not pending stay as they are. */
export async function discard(
  bus: Bus,
  consumed: Consumed,
  deadLetters: readonly DeadLetter[],
  why: Discard,
  signal: AbortSignal,
): Promise<readonly DiscardOutcome[]> {
  refuseReason(why.reason);
  const markers = deadLetters.flatMap(({ latest, pending }) =>
    pending.map((location) => toDiscardedMarker(location, latest.key, why)),
  );
  for (let from = 0; from < markers.length; from += MAX_BATCH) {
    signal.throwIfAborted();
    await publishMarkers(bus, consumed, markers.slice(from, from + MAX_BATCH));
  }
  return deadLetters.map(({ id, state }) =>
    state === 'pending' ? { id, outcome: 'discarded' } : { id, outcome: 'unchanged', state },
  );
}

/**
 * Refuses a reason that cannot be kept permanently.
 * @throws PlatformError `discard-reason-invalid`, which does not quote it
 */
export function refuseReason(reason: string): void {
  const problem = problemOf(reason);
  if (problem !== undefined) throw new PlatformError('invalid', 'discard-reason-invalid', `the reason ${problem}`);
}

function problemOf(reason: string): string | undefined {
  if (reason.trim() === '') return 'is empty';
  if ([...reason].length > MAX_REASON_LENGTH) return `is longer than ${MAX_REASON_LENGTH} characters`;
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(reason)) return 'has characters that cannot be printed, or more than one line';
  return hasCardNumber(reason) ? 'contains what may be a card number' : undefined;
}
