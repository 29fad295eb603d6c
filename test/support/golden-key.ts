import { randomBytes } from 'node:crypto';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { UnreadableRecord } from '../../src/platform/event/parse-cloud-event.js';
import { dataKeyOf } from '../../src/platform/privacy/data-key.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import { MasterKeys } from '../../src/platform/privacy/master-keys.js';
import { openEventsWith } from '../../src/platform/privacy/open-events.js';

/** The customer in the golden samples. */
export const GOLDEN_PERSON = '01a20699-0298-778c-90c1-07a39812d871';
/** The customer's key, with which the samples are sealed: fixed, because they stay as they are, and no secret. */
export const GOLDEN_KEY = dataKeyOf(Buffer.from('the key of the golden samples...'));

const masterKeys = new MasterKeys([{ id: 'of tests', bytes: randomBytes(32) }]);
export const goldenRing = new KeyRing(masterKeys);
/** The customer's key as it is stored. */
export const GOLDEN_WRAPPED = masterKeys.wrap(GOLDEN_PERSON, GOLDEN_KEY);

const keys = new Map([[GOLDEN_PERSON, GOLDEN_WRAPPED]]);
const source = {
  find: (persons: readonly string[]) =>
    Promise.resolve(new Map([...keys].filter(([person]) => persons.includes(person)))),
};
const open = openEventsWith(goldenRing, source, source);

/** Opens an event about the customer in the golden samples, as the platform does. */
export async function openGolden<Data = unknown>(event: CloudEvent): Promise<CloudEvent<Data>> {
  const [opened] = await open([event]);
  if (opened instanceof UnreadableRecord) throw opened;
  return opened as CloudEvent<Data>;
}
