import type { CloudEvent } from '../event/cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';
import type { Subscription } from '../consuming/subscription.js';

/** Returns the event of a record; none for a record that a replay could not apply, or whose hash is not its own. */
export async function intactEvents(
  record: LoggedRecord,
  projections: readonly Pick<Subscription, 'open' | 'read' | 'readSealed'>[],
): Promise<readonly CloudEvent[]> {
  try {
    const event = parseCloudEvent(record);
    for (const projection of projections) {
      projection.readSealed?.(event, record);
      // Without the person's key, which may come later, nothing else speaks against it.
      const [opened] = projection.open ? await projection.open([event]).catch(() => []) : [event];
      if (opened instanceof UnreadableRecord) return [];
      if (opened) projection.read(opened, record);
    }
    return event.hash === hashOf(event) ? [event] : [];
  } catch {
    return [];
  }
}
