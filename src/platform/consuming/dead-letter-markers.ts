import type { BusRecord } from '../log/bus.js';
import { type Consumed, deadLetterTopic, type RecordLocation, textOf, toLocation } from './dead-letter.js';

/** Who discarded a dead letter, and why. */
export interface Discard {
  readonly reason: string;
  /** An opaque id, such as the subject of a token; undefined if nobody is known. */
  readonly actor?: string;
}

/** States that a record of a dead-letter topic needs no more attention. */
export type Marker = { readonly location: RecordLocation; readonly time: string } & (
  { readonly state: 'redriven' } | ({ readonly state: 'discarded' } & Discard)
);

/** Returns the topic of the markers. It is named after the first kind of them. */
export function markersTopic(consumed: Consumed): string {
  return `${deadLetterTopic(consumed)}.redriven`;
}

/** Builds the record that marks a dead letter as redriven. */
export function toRedrivenMarker(location: RecordLocation, key: Buffer | null): BusRecord {
  return { key, value: null, headers: headersOf('redriven', location) };
}

/** Builds the record that marks a dead letter as discarded. Versions that do not know it ignore it: still pending. */
export function toDiscardedMarker(location: RecordLocation, key: Buffer | null, { reason, actor }: Discard): BusRecord {
  const headers = {
    ...headersOf('discarded', location),
    'discarded-reason': reason,
    ...(actor !== undefined && { 'discarded-actor': actor }),
  };
  return { key, value: null, headers };
}

/** Parses a record of the topic of markers; undefined for a record that is not a marker. */
export function parseMarker({ headers }: BusRecord, consumed: Consumed): Marker | undefined {
  const topic = deadLetterTopic(consumed);
  const locationIn = (state: Marker['state']) =>
    toLocation(topic, textOf(headers, `${state}-partition`), textOf(headers, `${state}-offset`));
  const redriven = locationIn('redriven');
  if (redriven) return { state: 'redriven', location: redriven, time: textOf(headers, 'redriven-time') };
  const discarded = locationIn('discarded');
  if (!discarded) return undefined;
  const actor = textOf(headers, 'discarded-actor');
  return {
    state: 'discarded',
    location: discarded,
    time: textOf(headers, 'discarded-time'),
    reason: textOf(headers, 'discarded-reason'),
    ...(actor !== '' && { actor }),
  };
}

function headersOf(state: Marker['state'], { partition, offset }: RecordLocation): BusRecord['headers'] {
  return {
    [`${state}-partition`]: String(partition),
    [`${state}-offset`]: String(offset),
    [`${state}-time`]: new Date().toISOString(),
  };
}
