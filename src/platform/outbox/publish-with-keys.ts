import type { Outbox, PendingEvent } from '../aggregate/aggregates.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { isShredded, type StoredKey } from '../privacy/data-key.js';
import { toKeyRecord } from '../privacy/key-records.js';

/**
 * Publishes events, and the keys that come with them: a new key before the first event that it seals, the end of a key
 * after the event that destroys it. Repeat all of it after a failure.
 */
export async function publishWithKeys(
  bus: Pick<Bus, 'publish'>,
  { topic, keysTopic }: Pick<Outbox, 'topic' | 'keysTopic'>,
  events: readonly (Pick<PendingEvent, 'key'> & { readonly id: string })[],
  records: readonly BusRecord[],
): Promise<void> {
  const keys = keysTopic === undefined ? [] : events.flatMap(({ id, key }) => (key ? [{ id, key }] : []));
  const publishKeys = async (isMeant: (key: StoredKey) => boolean) => {
    const meant = keys.filter(({ key }) => isMeant(key)).map(({ id, key }) => toKeyRecord(id, key));
    if (meant.length > 0) await bus.publish(keysTopic as string, meant);
  };
  await publishKeys((key) => !isShredded(key));
  await bus.publish(topic, records);
  await publishKeys(isShredded);
}
