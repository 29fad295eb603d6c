import { expect } from '@jest/globals';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './guarantees.js';
import type { Load } from './load.js';
import { readDocuments } from './read-documents.js';
import { readKafka, WITH_KEYS } from './read-log.js';
import { masterKeysFile, type RealServers } from '../../src/platform/testing/real-servers.js';
import type { RunningProcess } from './run-process.js';

/** All that was acknowledged is answered, stored, in the log in order, and known to the other context. */
export async function expectNothingLost(
  load: Load,
  { kafka, mongodb }: RealServers,
  accounts: RunningProcess,
  orders: RunningProcess,
): Promise<void> {
  expectGoodAnswers(load);
  await expectAcknowledgedIsKept(load, { accounts: accounts.url, orders: orders.url });
  await expectOrdersHears(load, orders.url);
  await expectOutboxDrains(accounts.managementUrl, orders.managementUrl);
  await expectDocuments(load, mongodb);
  await expectLogTellsAll(load, await readKafka(kafka, WITH_KEYS), masterKeysFile());
}

/** What is stored is what is answered, with nothing left to publish. */
async function expectDocuments(load: Load, mongodb: string): Promise<void> {
  const customers = await readDocuments(mongodb, 'accounts', 'customer.accounts', load.customers.keys());
  const copies = await readDocuments(mongodb, 'orders', 'customers', load.customers.keys());
  const orders = await readDocuments(mongodb, 'orders', 'customer.orders', load.orders.keys());
  for (const [known, documents] of [
    [load.customers, customers],
    [load.orders, orders],
  ] as const) {
    for (const { id, newest, versions } of known.values()) {
      const document = documents.get(id);
      expect(document).toMatchObject({ _id: id, pending: [], state: { id, version: document?.version } });
      expect(document?.version).toBeGreaterThanOrEqual(newest.version);
      const acknowledged = versions.get(document?.version);
      if (acknowledged) expect(document?.state).toEqual(acknowledged);
    }
  }
  for (const { _id, version, state } of customers.values()) {
    const { creditCards: _, ...copied } = state;
    expect(copies.get(_id)).toEqual({ _id, version, state: copied });
  }
}
