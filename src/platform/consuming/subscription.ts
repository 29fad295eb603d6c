import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { OpenEvents } from '../privacy/open-events.js';

/** A context's subscription to a topic: how it reads events, and how it reacts to them. */
export interface Subscription<Message = unknown> {
  readonly topic: string;
  /** The consumer group that tracks the context's position. */
  readonly group: string;
  /** Opens the sealed parts of events, before they are read; undefined if none has one. */
  readonly open?: OpenEvents | undefined;
  /** Is told of every event as it is in the log, also of one that cannot be opened or read. */
  observe?(event: CloudEvent, record: LoggedRecord): void;
  /**
   * Translates an event into the context's own message, without side effects. Returns undefined for a type that it
   * ignores. Any error that it throws is attributed to the record.
   * @throws UnreadableRecord when the record can never be applied
   */
  read(event: CloudEvent, record: LoggedRecord): Message | undefined;
  /**
   * As `read`, but of the event as it is in the log, not opened. Its message is applied before that of `read`, and also
   * if the event cannot be opened or `read` refuses it.
   */
  readSealed?(event: CloudEvent, record: LoggedRecord): Message | undefined;
  /**
   * Applies messages of one partition, in order. They may be delivered again. Work that may exceed the session timeout
   * must call `lease.heartbeat()` and be resumable.
   * @throws PlatformError `not-storable` when the database can never store one of them (the others may or may not have
   * been applied), `unavailable` when a dependency is unavailable
   */
  react(messages: readonly Message[], lease: Lease): Promise<void>;
  /**
   * Returns true if applying `later` makes up for an earlier event of the same aggregate that was not applied.
   * Undefined: no event makes up for another.
   * @param lost type of the earlier event; undefined if it is unknown
   */
  readonly replaces?: ((lost: string | undefined, later: CloudEvent) => boolean) | undefined;
  /**
   * In a rebuild: applies what `react` kept back because a later event might replace it. Returns the ids of aggregates
   * whose newest event cannot be applied: their events have to be applied again, one by one.
   */
  readonly settle?: () => Promise<ReadonlySet<string>>;
}
