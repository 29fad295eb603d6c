import type { Bus, BusRecord } from '../log/bus.js';
import type { Consumed } from './dead-letter.js';
import { markersTopic } from './dead-letter-markers.js';

/** Resolves when the markers are durable. After a failure, some of them may be there already. */
export async function publishMarkers(bus: Bus, consumed: Consumed, markers: readonly BusRecord[]): Promise<void> {
  if (markers.length === 0) return;
  const topic = markersTopic(consumed);
  await bus.createTopics([topic]);
  await bus.publish(topic, markers);
}
