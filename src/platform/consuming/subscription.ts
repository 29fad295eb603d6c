import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';

/** What a context does about the events of a topic. */
export interface Subscription<Message = unknown> {
  readonly topic: string;
  /** The consumer group that remembers how far the context has come. */
  readonly group: string;
  /**
   * The context's own reading of an event, with no effect; undefined for a type that it does not care about. Whatever it
   * throws is the record's fault.
   * @throws UnreadableRecord when it can never be applied.
   */
  read(event: CloudEvent, record: LoggedRecord): Message | undefined;
  /**
   * Applies messages of one partition, in order. They may come again. Throws when a dependency is away. What may take
   * longer than a session heartbeats, and leaves what it has done so that a second try goes on from there.
   * @throws PlatformError `not-storable` when the database will never hold one of them; the others may be applied or not.
   */
  react(messages: readonly Message[], lease: Lease): Promise<void>;
}
