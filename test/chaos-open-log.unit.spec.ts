import { expect, it } from '@jest/globals';
import { LogOpener } from '../scripts/chaos/open-log.mjs';
import { parseKeyRecord, toKeyRecord } from '../src/platform/privacy/key-records.js';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import { type OpenEvents, openEventsWith } from '../src/platform/privacy/open-events.js';
import type { HistoryEntry } from '../src/platform/views/history.js';
import { OpenedHistory } from '../src/platform/views/opened-history.js';
import { GOLDEN_PERSON, GOLDEN_WRAPPED, goldenRing, openGolden } from './support/golden-key.js';
import { goldenSamples } from './support/messages.js';

const SAMPLE = 'accounts.customer.registered.v3.json';
const { event } = goldenSamples('accounts').find(({ file }) => file === SAMPLE)!;

const newOpener = () =>
  new LogOpener(
    parseKeyRecord as never,
    (source) => openEventsWith(goldenRing, source as never, source as never) as never,
    (_, entries, open) => openedHistory(entries as HistoryEntry[], open as never).page(event.subject, 0, 10),
  );
const openedHistory = (entries: readonly HistoryEntry[], open: OpenEvents) =>
  new OpenedHistory({ page: () => Promise.resolve(entries) } as never, customerEvents, open);

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

it('the chaos runner opens what is sealed in a history', async () => {
  const opener = newOpener();
  opener.learn([toKeyRecord(GOLDEN_PERSON, GOLDEN_WRAPPED)]);
  const { customer, changed, sealed } = event.data as Record<string, unknown>;
  const { id: eventId, type, time, subject: id } = event;
  const entry = { id, version: 1, type, eventId, time, changed, sealed, schemaVersion: 3, state: customer };

  const [opened] = await opener.openHistory('customer', [entry]);

  const { data } = await openGolden(event);
  expect(opened).toMatchObject({ version: 1, state: (data as Record<string, unknown>).customer });
});
