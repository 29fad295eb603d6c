import type { CloudEvent } from '../event/cloud-event.js';

/**
 * Changes the data of events on their way into a new generation. Ids, types, times, sequences and subjects must stay.
 */
export interface EventTransform {
  /** Returns the events as the new generation is to have them. It may be called again for the same ones. */
  apply(events: readonly CloudEvent[]): Promise<readonly CloudEvent[]>;
  /**
   * Returns what both generations have in common of an event's data: the same for an event and for what was made of it.
   */
  commonOf(event: CloudEvent): unknown;
  /** Returns those copies that are not what their events say, as far as that can be told. */
  findWrong(copies: readonly CloudEvent[]): Promise<readonly CloudEvent[]>;
}
