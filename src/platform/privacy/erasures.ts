import type { CloudEvent } from '../event/cloud-event.js';
import { kindOf, memberOf } from './topics.js';

/** The erasure of a person, as the log has it. */
export interface Erasure {
  readonly person: string;
  /** RFC 3339 */
  readonly time: string;
}

/** Returns the erasure of a person with a key on this topic that an event states; undefined for any other event. */
export function erasureIn(event: CloudEvent, keysTopic: string): Erasure | undefined {
  if (!event.type.startsWith(`${kindOf(keysTopic)}.`)) return undefined;
  const { subject: person, time, data } = event as CloudEvent<Readonly<Record<string, unknown>> | null | undefined>;
  const state = data?.[memberOf(keysTopic)] as { readonly id?: unknown; readonly erased?: unknown } | undefined;
  return state?.erased === true && state.id === person ? { person, time } : undefined;
}

/** Returns the times of erasures, by person. */
export function timesOf(erasures: readonly Erasure[]): ReadonlyMap<string, string> {
  return new Map(erasures.map(({ person, time }) => [person, time]));
}
