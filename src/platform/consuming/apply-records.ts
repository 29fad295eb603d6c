import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import { isNotStorable } from '../tools/errors.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Opened } from '../privacy/open-events.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import { classOf, framesOf, isProgrammingError, reasonFor } from '../tools/programming-error.js';
import type { Subscription } from './subscription.js';

/** A record that can never be applied. */
export interface Refused {
  readonly record: LoggedRecord;
  /** The reason, without any value of the record. */
  readonly reason: string;
  /** Number of attempts to apply it. */
  readonly attempts: number;
  /** Stack frames of our own code that failed, innermost first; undefined when the record itself is at fault. */
  readonly stack?: readonly string[];
}

/** How a programming error is treated: rethrown, or the record that triggers it is refused. */
export type OnProgrammingError = 'throw' | 'refuse';

interface Readable {
  readonly record: LoggedRecord;
  readonly message: unknown;
}

/**
 * Reads records and applies them in order. Returns the records that can never be applied, in order; all others are
 * applied.
 * @throws any error of the subscription's `open` or `react` that may be temporary, and programming errors unless
 * `onProgrammingError` is `refuse`
 */
export async function applyRecords(
  subscription: Subscription,
  records: readonly LoggedRecord[],
  lease: Lease,
  onProgrammingError: OnProgrammingError = 'throw',
): Promise<readonly Refused[]> {
  const refused = new Map<LoggedRecord, Refused>();
  const refuse = (record: LoggedRecord, error: unknown) =>
    refused.set(record, { record, reason: reasonOf(error), attempts: 1 });
  const parsed: { readonly record: LoggedRecord; readonly event: CloudEvent }[] = [];
  for (const record of records) {
    try {
      const event = parseCloudEvent(record);
      subscription.observe?.(event, record);
      parsed.push({ record, event });
    } catch (error) {
      refuse(record, error);
    }
  }
  const events = parsed.map(({ event }) => event);
  const opened = (await subscription.open?.(events)) ?? events;
  const readable: Readable[] = [];
  const add = (record: LoggedRecord, message: unknown) => {
    if (message !== undefined) readable.push({ record, message });
  };
  for (const [index, { record, event: sealed }] of parsed.entries()) {
    try {
      add(record, subscription.readSealed?.(sealed, record));
      const event = opened[index] as Opened;
      if (event instanceof UnreadableRecord) throw event;
      add(record, subscription.read(event, record));
    } catch (error) {
      refuse(record, error);
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
 * Finds refused records by bisection: one among hundreds costs a few more writes, and not so many that the session
 * times out.
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

/** Reports only the class of an unexpected error: its message may quote the record. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreadableRecord) return error.message;
  return `reading it failed: ${classOf(error)}`;
}
