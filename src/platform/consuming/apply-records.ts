import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import { isNotStorable } from '../tools/errors.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import { classOf, framesOf, isProgrammingError, reasonFor } from '../tools/programming-error.js';
import type { Subscription } from './subscription.js';

/** A record that can never be applied. */
export interface Refused {
  readonly record: LoggedRecord;
  /** Why; it names no value of the record. */
  readonly reason: string;
  /** How many times it was tried. */
  readonly attempts: number;
  /** Where our own code failed on it, the innermost place first; undefined where the record is at fault. */
  readonly stack?: readonly string[];
}

/** What becomes of a record on which our own code fails: it is thrown, or the record is refused like others. */
export type OnProgrammingError = 'throw' | 'refuse';

interface Readable {
  readonly record: LoggedRecord;
  readonly message: unknown;
}

/**
 * Reads records and reacts to them in order; answers those that can never be applied, in order. All others are applied.
 * @throws whatever the subscription's `react` does when that is not known to be for ever, and programming errors unless
 * they are to refuse the record.
 */
export async function applyRecords(
  subscription: Subscription,
  records: readonly LoggedRecord[],
  lease: Lease,
  onProgrammingError: OnProgrammingError = 'throw',
): Promise<readonly Refused[]> {
  const refused = new Map<LoggedRecord, Refused>();
  const readable: Readable[] = [];
  for (const record of records) {
    try {
      const message = subscription.read(parseCloudEvent(record), record);
      if (message !== undefined) readable.push({ record, message });
    } catch (error) {
      refused.set(record, { record, reason: reasonOf(error), attempts: 1 });
    }
  }
  const reaction = { subscription, lease, onProgrammingError };
  for (const each of await reactTo(reaction, readable, 1)) refused.set(each.record, each);
  return records.flatMap((record) => refused.get(record) ?? []);
}

interface Reaction {
  readonly subscription: Subscription;
  readonly lease: Lease;
  readonly onProgrammingError: OnProgrammingError;
}

/**
 * What is refused among many is found by halves, so that one of hundreds costs a few writes more, and not so many that
 * the group takes the consumer for dead.
 */
async function reactTo(
  reaction: Reaction,
  readable: readonly Readable[],
  attempt: number,
): Promise<readonly Refused[]> {
  const [first] = readable;
  if (!first) return [];
  const { subscription, lease, onProgrammingError } = reaction;
  try {
    await subscription.react(
      readable.map(({ message }) => message),
      lease,
    );
    return [];
  } catch (error) {
    const isOurs = onProgrammingError === 'refuse' && !lease.signal.aborted && isProgrammingError(error);
    if (!isNotStorable(error) && !isOurs) throw error;
    if (readable.length === 1) return [refusalOf(first.record, error, attempt)];
  }
  await lease.heartbeat();
  const half = Math.ceil(readable.length / 2);
  const older = await reactTo(reaction, readable.slice(0, half), attempt + 1);
  const newer = await reactTo(reaction, readable.slice(half), attempt + 1);
  return [...older, ...newer];
}

function refusalOf(record: LoggedRecord, error: unknown, attempts: number): Refused {
  if (isNotStorable(error)) return { record, reason: error.message, attempts };
  return { record, reason: reasonFor(error), attempts, stack: framesOf(error) };
}

/** Of an error that nobody foresaw only the class: its words may quote the record. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreadableRecord) return error.message;
  return `reading it failed: ${classOf(error)}`;
}
