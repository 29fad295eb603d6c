import type { CloudEvent } from '../event/cloud-event.js';
import { tryParse } from '../event/parse-cloud-event.js';
import type { Bus, LoggedRecord } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import type { FoundEvent } from './api.js';

/** What a search looks for. All given criteria must hold. */
export interface EventQuery {
  readonly topics: readonly string[];
  /** Id of the aggregate. */
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  /** Type of the event, or its last part: `erased`. */
  readonly type?: string | undefined;
  /** Trace id, 32 hexadecimal digits. */
  readonly trace?: string | undefined;
  readonly actor?: string | undefined;
  /** RFC 3339, UTC; inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Newest records of each partition that are searched. */
  readonly depth: number;
}

/** The outcome of a search. */
export interface EventSearch {
  /** Newest first. */
  readonly events: readonly FoundEvent[];
  /** There are more than these. */
  readonly isCut: boolean;
  /** Number of records that were searched, and of those in the topics. */
  readonly searched: number;
  readonly total: number;
}

/** Most events in one result. */
export const MAX_FOUND = 100;

/**
 * Searches the newest records of topics.
 * @throws the reason of `signal`, and the errors of the bus
 */
export async function findEvents(bus: Bus, query: EventQuery, signal: AbortSignal): Promise<EventSearch> {
  const { topics, depth } = query;
  const needle = [query.id, query.trace].find((text) => text !== undefined);
  let found: FoundEvent[] = [];
  let [searched, count] = [0, 0];
  await readToEnd(
    bus,
    topics,
    (records) => {
      signal.throwIfAborted();
      searched += records.length;
      for (const record of records) {
        if (query.key !== undefined && String(record.key) !== query.key) continue;
        // Parsing costs more than a search for the text.
        if (needle !== undefined && !record.value?.includes(needle)) continue;
        const event = describe(record);
        if (!matches(event, query)) continue;
        count += 1;
        found.push(event);
      }
      if (found.length > 10 * MAX_FOUND) found = newestOf(found);
      return Promise.resolve();
    },
    { newest: depth },
  );
  const extents = (await Promise.all(topics.map((topic) => bus.extents(topic)))).flat();
  const total = extents.reduce((sum, { first, end }) => sum + end - first, 0);
  return { events: newestOf(found), isCut: count > MAX_FOUND, searched, total };
}

/** Returns the attributes of an event, without its data. */
export function describe(record: LoggedRecord): FoundEvent {
  const { topic, partition, offset, key, value } = record;
  const event: Partial<CloudEvent> = tryParse(record) ?? {};
  const { id, type, time, sequence, actor, traceparent } = event;
  const trace = traceparent?.split('-')[1];
  return {
    ...{ topic, partition, offset, bytes: value?.length ?? 0 },
    ...(key && { key: String(key) }),
    ...(id !== undefined && { id }),
    ...(type !== undefined && { type }),
    ...(time !== undefined && { time }),
    ...(sequence !== undefined && { sequence }),
    ...(actor !== undefined && { actor }),
    ...(trace !== undefined && { trace }),
  };
}

function matches(event: FoundEvent, { id, type, trace, actor, from, to }: EventQuery): boolean {
  const { time = '' } = event;
  return (
    (id === undefined || event.id === id) &&
    (type === undefined || event.type === type || event.type?.endsWith(`.${type}`) === true) &&
    (trace === undefined || event.trace === trace) &&
    (actor === undefined || event.actor === actor) &&
    (from === undefined || time >= from) &&
    (to === undefined || time <= to)
  );
}

function newestOf(events: readonly FoundEvent[]): FoundEvent[] {
  const key = ({ time = '' }: FoundEvent) => time;
  return [...events].sort((one, other) => key(other).localeCompare(key(one))).slice(0, MAX_FOUND);
}
