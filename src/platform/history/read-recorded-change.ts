import type { LoggedRecord } from '../bus/bus.js';
import type { CloudEvent, EventStream } from '../event/cloud-event.js';
import { majorVersionOf, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { HistoryEntry } from './history.js';

/**
 * A context's reading of its own events, for its own history; undefined for a type of event that is not of the stream.
 * @param member the member of the event's data that is the state after the change
 * @throws UnreadableRecord
 */
export function readRecordedChange<State>(
  event: CloudEvent,
  { partition, offset }: LoggedRecord,
  stream: EventStream,
  member: string,
): HistoryEntry<State> | undefined {
  const [kind, domainType = ''] = event.type.split(/\.(?=[^.]+$)/);
  const known = stream.schemaVersions[domainType];
  if (kind !== stream.typePrefix || known === undefined) return undefined;
  const major = majorVersionOf(event);
  if (major > known) throw new UnreadableRecord(`major version ${major} of ${event.type} is not known here`);
  const { [member]: state, changed } = (event.data ?? {}) as Record<string, unknown>;
  if (typeof state !== 'object' || state === null) throw new UnreadableRecord(`data without ${member}`);
  if (!Array.isArray(changed)) throw new UnreadableRecord('data without changed');
  const { subject, sequence, type, id, time, actor, hash } = event;
  return {
    id: subject,
    version: Number(sequence),
    type,
    eventId: id,
    time,
    changed: changed as string[],
    ...(actor !== undefined && { actor }),
    ...(hash !== undefined && { hash }),
    partition,
    offset,
    state: state as State,
  };
}
