import type { CloudEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { hashOf } from '../event/hash-chain.js';
import { tryParse, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { Bus, Headers, LoggedRecord } from '../log/bus.js';
import type { OpenEvents } from '../privacy/open-events.js';
import { PlatformError } from '../tools/errors.js';
import type { EventView } from './api.js';
import { describe } from './find-events.js';
import { type Place, readRecord } from './read-record.js';

/** What {@link showEvent} needs to open an event. */
export interface Opening {
  /** The streams of all modules, whose records have a known form. */
  readonly streams: readonly EventStream[];
  /** Returns what opens events that are sealed with the keys on a topic. */
  readonly openWith: (keysTopic: string) => OpenEvents | undefined;
  /** False: data and unknown values stay closed. */
  readonly mayOpen: boolean;
}

/**
 * Returns a record as it is stored, and opened where the viewer may.
 * @throws PlatformError `not-found` when there is no such record
 */
export async function showEvent(bus: Bus, place: Place, opening: Opening): Promise<EventView> {
  const record = await readRecord(bus, place);
  if (!record) throw new PlatformError('not-found', 'not-found', 'there is no such record');
  return viewOf(record, opening);
}

/** Returns a record that was read, as {@link showEvent} does. */
export async function viewOf(record: LoggedRecord, opening: Opening): Promise<EventView> {
  const event = tryParse(record);
  const headers = headersOf(record.headers);
  const shown = { ...describe(record), headers };
  if (!event) return { ...shown, ...(opening.mayOpen && { raw: String(record.value) }), isMasked: !opening.mayOpen };
  const isIntact = event.hash === undefined ? undefined : hashOf(event) === event.hash;
  return {
    ...shown,
    ...(isIntact !== undefined && { isIntact }),
    ...(await contentOf(record, event, opening)),
  };
}

async function contentOf(
  record: LoggedRecord,
  event: CloudEvent,
  { streams, openWith, mayOpen }: Opening,
): Promise<Pick<EventView, 'raw' | 'opened' | 'isMasked' | 'reason'>> {
  if (!mayOpen) return { raw: JSON.stringify({ ...event, data: undefined }), isMasked: true };
  const raw = String(record.value);
  const keys = streams.find(({ topic }) => topic === record.topic)?.keys;
  const open = keys === undefined ? undefined : openWith(keys);
  const isSealed = (event.data as { sealed?: unknown }).sealed !== undefined;
  if (!isSealed) return { raw, isMasked: false };
  if (!open) return { raw, isMasked: false, reason: 'this process has no keys for it' };
  const [opened] = await open([event]);
  if (!opened || opened instanceof UnreadableRecord) {
    return { raw, isMasked: false, reason: opened?.message ?? 'it cannot be opened' };
  }
  if (opened.forgotten) return { raw, isMasked: false, reason: 'the person was erased, and nobody can open it' };
  return { raw, opened: opened.data, isMasked: false };
}

function headersOf(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
