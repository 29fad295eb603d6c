import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { parseCloudEvent, UnreadableRecord } from '../../src/platform/event/parse-cloud-event.js';
import type { LoggedRecord } from '../../src/platform/log/bus.js';
import type { WrappedKey } from '../../src/platform/privacy/data-key.js';
import { parseKeyRecord } from '../../src/platform/privacy/key-records.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import { decodeMasterKey } from '../../src/platform/privacy/master-key-lines.js';
import { readMasterKeysFile } from '../../src/platform/privacy/master-keys-file.js';
import { MasterKeys } from '../../src/platform/privacy/master-keys.js';
import { openEventsWith } from '../../src/platform/privacy/open-events.js';

/** The topic of the keys of persons. */
export const KEYS = 'accounts.customer.keys';

/** Returns the event in a record with its personal part. @throws Error when it cannot be opened */
export type OpenRecord = (record: LoggedRecord) => Promise<CloudEvent>;

/**
 * Opens events with nothing but what other teams' consumers have: the keys in the log and the file of master keys.
 * @param log has the records of the topic of keys
 */
export async function openWithKeysIn(log: readonly LoggedRecord[], masterKeysFile: string): Promise<OpenRecord> {
  const lines = await readMasterKeysFile(masterKeysFile);
  const masterKeys = lines.map(({ id, value, number }) => ({ id, bytes: decodeMasterKey(value, number) }));
  const keys = keysIn(log);
  const find = (persons: readonly string[]) =>
    Promise.resolve(new Map([...keys].filter(([person]) => persons.includes(person))));
  const open = openEventsWith(new KeyRing(new MasterKeys(masterKeys)), { find }, { find });
  return async (record) => {
    const [opened] = await open([parseCloudEvent(record)]);
    if (opened instanceof UnreadableRecord) throw opened;
    return opened as CloudEvent;
  };
}

/** The newest key of each person. */
function keysIn(log: readonly LoggedRecord[]): ReadonlyMap<string, WrappedKey> {
  const keys = new Map<string, WrappedKey>();
  for (const { person, key } of log.filter(({ topic }) => topic === KEYS).map(keyRecordOf)) {
    if (key) keys.set(person, key);
    else keys.delete(person);
  }
  return keys;
}

function keyRecordOf(record: LoggedRecord) {
  const parsed = parseKeyRecord(record);
  if (!parsed) throw new Error(`offset ${record.offset} of ${KEYS} is not the key of a person`);
  return parsed;
}
