import { expect, it } from '@jest/globals';
import { LogOpener } from '../scripts/chaos/open-log.mjs';
import { parseKeyRecord, toKeyRecord } from '../src/platform/privacy/key-records.js';
import { openEventsWith } from '../src/platform/privacy/open-events.js';
import { GOLDEN_PERSON, GOLDEN_WRAPPED, goldenRing, openGolden } from './support/golden-key.js';
import { goldenSamples } from './support/messages.js';

const SAMPLE = 'accounts.customer.registered.v3.json';
const { event } = goldenSamples('accounts').find(({ file }) => file === SAMPLE)!;

const newOpener = () =>
  new LogOpener(
    parseKeyRecord as never,
    (source) => openEventsWith(goldenRing, source as never, source as never) as never,
  );

it('the chaos runner opens the events of a customer whose key it has read, also once the customer is erased', async () => {
  goldenRing.drop(GOLDEN_PERSON);
  const opener = newOpener();
  await expect(opener.open([event])).rejects.toThrow('the key of a person is not here yet');

  opener.learn([toKeyRecord(GOLDEN_PERSON, GOLDEN_WRAPPED)]);
  opener.learn([toKeyRecord(GOLDEN_PERSON, { shreddedAt: '2026-11-27T00:00:00.000Z' })]);

  const { data } = await openGolden(event);
  expect(data).toHaveProperty('customer.name');
  expect(await opener.open([event])).toEqual([data]);
});

it('the chaos runner does not go on with an event that was altered', async () => {
  const opener = newOpener();
  opener.learn([toKeyRecord(GOLDEN_PERSON, GOLDEN_WRAPPED)]);
  await expect(opener.open([{ ...event, sequence: '2' }])).rejects.toThrow('data/sealed was altered');
});
