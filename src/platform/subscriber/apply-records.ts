import type { LoggedRecord } from '../bus/bus.js';
import type { Lease } from '../bus/lease.js';
import { isNotStorable } from '../errors.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { Subscription } from './subscription.js';

/** A record that can never be applied. */
export interface Refused {
  readonly record: LoggedRecord;
  /** Why; it names no value of the record. */
  readonly reason: string;
  /** How many times it was tried. */
  readonly attempts: number;
}

interface Readable {
  readonly record: LoggedRecord;
  readonly message: unknown;
}

/**
 * Reads records and reacts to them in order; answers those that can never be applied, in order. All others are applied.
 * @throws whatever the subscription's `react` does when that is not known to be for ever.
 */
export async function applyRecords(
  subscription: Subscription,
  records: readonly LoggedRecord[],
  lease: Lease,
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
  for (const each of await reactTo(subscription, readable, lease, 1)) refused.set(each.record, each);
  return records.flatMap((record) => refused.get(record) ?? []);
}

/**
 * What is refused among many is found by halves, so that one of hundreds costs a few writes more, and not so many that
 * the group takes the consumer for dead.
 */
async function reactTo(
  subscription: Subscription,
  readable: readonly Readable[],
  lease: Lease,
  attempt: number,
): Promise<readonly Refused[]> {
  const [first] = readable;
  if (!first) return [];
  try {
    await subscription.react(
      readable.map(({ message }) => message),
      lease,
    );
    return [];
  } catch (error) {
    if (!isNotStorable(error)) throw error;
    if (readable.length === 1) return [{ record: first.record, reason: error.message, attempts: attempt }];
  }
  const half = Math.ceil(readable.length / 2);
  const older = await reactTo(subscription, readable.slice(0, half), lease, attempt + 1);
  const newer = await reactTo(subscription, readable.slice(half), lease, attempt + 1);
  return [...older, ...newer];
}

/** Of an error that nobody foresaw only the class: its words may quote the record. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreadableRecord) return error.message;
  return `reading it failed: ${error instanceof Error ? error.constructor.name : typeof error}`;
}
