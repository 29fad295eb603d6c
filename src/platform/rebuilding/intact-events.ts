import type { CloudEvent } from '../event/cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';
import type { Subscription } from '../consuming/subscription.js';

/** Returns the event of a record; none for a record that the consumers send to the dead-letter topic. */
export async function intactEvents(
  record: LoggedRecord,
  subscriptions: readonly Pick<Subscription, 'open' | 'read'>[],
): Promise<readonly CloudEvent[]> {
  try {
    const event = parseCloudEvent(record);
    for (const { open, read } of subscriptions) {
      // Without the person's key, which may come later, nothing speaks against it.
      const [opened] = open ? await open([event]).catch(() => []) : [event];
      if (opened instanceof UnreadableRecord) return [];
      if (opened) read(opened, record);
    }
    return event.hash === hashOf(event) ? [event] : [];
  } catch {
    return [];
  }
}
