import type { Subscription } from '../consuming/subscription.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';
import { type Observed, type ObservedEvent, setOpened } from './observed-event.js';

/** What of the log a rebuild applies. */
export interface Applied {
  /** RFC 3339, UTC. Ignores later events, except those that erase personal data. */
  readonly until?: string | undefined;
  /** Types of events that erase personal data. */
  readonly erasing: readonly string[];
  /** Returns the records whose events are not to be applied. */
  readonly passOver?: (events: readonly ObservedEvent[]) => Promise<ReadonlySet<LoggedRecord>>;
  /** Receives the ids of the aggregates that change. */
  readonly marked?: Set<string> | undefined;
}

/** Returns a projection that applies only these events, and tells of each. @param observed receives all events */
export function watchedProjection(
  projection: Subscription,
  { until, erasing, passOver, marked }: Applied,
  observed: Observed[],
): Subscription {
  let passed: ReadonlySet<LoggedRecord> = new Set();
  const isMeant = ({ time, type }: CloudEvent, record: LoggedRecord) =>
    (until === undefined || time <= until || erasing.includes(type)) && !passed.has(record);
  return {
    ...projection,
    observe: (event, record) => void observed.push({ event, record }),
    open: async (events) => {
      if (passOver) passed = await passOver(observed);
      return projection.open?.(events) ?? events;
    },
    readSealed: (event, record) => {
      if (!isMeant(event, record)) return undefined;
      marked?.add(event.subject);
      return projection.readSealed?.(event, record);
    },
    read: (event, record) => {
      if (event.formerschema !== undefined) setOpened(observed, record, event);
      return isMeant(event, record) ? projection.read(event, record) : undefined;
    },
  };
}
