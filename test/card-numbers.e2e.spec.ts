import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { call, get, patch, post } from './support/http.js';
import { readDocuments } from './support/read-documents.js';
import { openWithKeysIn } from './support/open-records.js';
import { readEmbeddedLog, readKafka, TOPICS, WITH_KEYS } from './support/read-log.js';
import { describeWithRealServers, masterKeysFile, realServers } from '../src/platform/testing/real-servers.js';
import { CARD_PREFIX, customerInput, newCardNumber } from './support/requests.js';
import { type RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { base64sOf } from './support/traces.js';

const GROUPED = CARD_PREFIX.slice(0, 8).replace(/^(....)/, '$1[ -]');
const CARD = new RegExp(`${CARD_PREFIX}|${GROUPED}`);

describe('a card number on the embedded backends', () => {
  it('is nowhere: not in an answer, not in the log, not on disk', async () => {
    const DATA_DIR = temporaryDirectory();
    const running = await serve({ DATA_DIR, LOG_LEVEL: 'trace' }).ready();
    const ids = await sendCardsEverywhere(running);
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    expect(running.output).not.toMatch(CARD);
    const files = readdirSync(DATA_DIR, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const contents = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    // Records are on disk in base64.
    const encoded = base64sOf(CARD_PREFIX);
    expect(contents.some((content) => content.includes('Cardholder'))).toBe(true);
    for (const content of contents) {
      expect(content).not.toMatch(CARD);
      expect(encoded.filter((text) => content.includes(text))).toEqual([]);
    }
    await expectNoCardIn(await readEmbeddedLog(DATA_DIR, WITH_KEYS), ids, join(DATA_DIR, 'master-keys'));
  });
});

describeWithRealServers('a card number on Kafka and MongoDB', () => {
  it('is nowhere: not in an answer, not in the log, not in a record, not in a document', async () => {
    const { kafka, mongodb } = realServers();
    const settings = { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
    const running = await serve({ ...settings, LOG_LEVEL: 'trace' }).ready();
    const ids = await sendCardsEverywhere(running);
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    expect(running.output).not.toMatch(CARD);
    await expectNoCardIn(await readKafka(kafka, WITH_KEYS), ids, masterKeysFile());
    for (const [database, collection] of [
      ['accounts', 'customer.accounts'],
      ['orders', 'customers'],
    ] as const) {
      const documents = await readDocuments(mongodb, database, collection, ids);
      expect(documents.size).toBe(ids.length);
      expect(JSON.stringify([...documents.values()])).not.toMatch(CARD);
    }
  });
});

/** Expects that no card number is in the records of these customers, not even sealed. */
async function expectNoCardIn(log: readonly LoggedRecord[], ids: readonly string[], keysFile: string): Promise<void> {
  const open = await openWithKeysIn(log, keysFile);
  const isEvent = ({ topic }: LoggedRecord) => TOPICS.some((each) => each === topic);
  const records = log.filter((record) => isEvent(record) && ids.includes(String(record.key)));
  expect(records.length).toBeGreaterThan(ids.length);
  for (const record of records) {
    const opened = JSON.stringify(await open(record));
    expect(opened).toContain('Cardholder');
    expect(`${String(record.value)} ${JSON.stringify(record.headers)} ${opened}`).not.toMatch(CARD);
  }
}

/** Sends card numbers where they belong and where they do not; answers the ids of the customers that came of it. */
async function sendCardsEverywhere({ url }: RunningProcess): Promise<string[]> {
  const customers = `${url}/accounts/customers`;
  const grouped = (separator: string) => newCardNumber().replaceAll(/(\d{4})(?=\d)/g, `$1${separator}`);
  const accepted = await Promise.all([
    post(customers, customerInput('Cardholder')),
    post(customers, customerInput('Cardholder', grouped(' '))),
    post(customers, customerInput('Cardholder', grouped('-'))),
  ]);
  expect(accepted.map(({ status }) => status)).toEqual([201, 201, 201]);
  const ids = accepted.map(({ body }) => String(body.id));
  const [card] = customerInput('Cardholder').creditCards;
  const changed = await patch(`${customers}/${ids[0]}`, { creditCards: [{ ...card, number: newCardNumber() }] });
  expect(changed.status).toBe(200);

  const badLuhn = newCardNumber().replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
  const input = customerInput('Cardholder');
  const refused = await Promise.all([
    post(customers, customerInput('Cardholder', badLuhn)),
    post(customers, { ...input, cardNumber: newCardNumber() }),
    post(customers, { ...input, [newCardNumber()]: true }),
    post(customers, { ...input, creditCards: [{ ...card, [newCardNumber()]: '1' }] }),
    post(customers, { ...input, creditCards: [{ ...card, last4: newCardNumber() }] }),
    post(customers, { ...input, creditCards: [{ ...card, expiration: newCardNumber() }] }),
    post(customers, { ...input, creditCards: [{ ...card, number: Number(newCardNumber()) }] }),
    post(customers, { ...input, addresses: newCardNumber() }),
    patch(`${customers}/${ids[0]}`, { number: newCardNumber() }),
    call('POST', customers, { body: newCardNumber() }),
    call('POST', customers, { body: input, headers: { 'content-type': newCardNumber() } }),
    get(`${url}/orders/customers/${ids[0]}?card=${newCardNumber()}`),
    get(`${url}/orders/customers/${ids[0]}?limit=${newCardNumber()}`),
    get(`${url}/orders/customers/${ids[0]}?cursor=${newCardNumber()}`),
    notJson(customers, `{"number": ${newCardNumber()}x`),
  ]);
  for (const { status } of refused) expect([status, status >= 400 && status < 500]).toEqual([status, true]);

  const copies = await Promise.all(
    ids.map((id) => get(`${url}/orders/customers/${id}?minVersion=1`, { prefer: 'wait=10' })),
  );
  expect(copies.map(({ status }) => status)).toEqual(ids.map(() => 200));
  for (const { text, headers } of [...accepted, changed, ...refused, ...copies]) {
    expect(`${text} ${JSON.stringify([...headers])}`).not.toMatch(CARD);
  }
  return ids;
}

async function notJson(url: string, body: string) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
