import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../src/platform/embedded/bus.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import type { BusRecord } from '../src/platform/log/bus.js';
import { LOG_FORMATS } from '../src/platform/operating/log-formats.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { get, post } from './support/http.js';
import { type Api, markedBytes, type MarkedRequest, markedRequests } from './support/marks/marked-requests.js';
import { findMarks, markedCard, markedText } from './support/marks/marks.js';
import { inTurn, send, sendBytes, type Sent } from './support/marks/send.js';
import { registrationOf } from './support/poison.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve, temporaryDirectory } from './support/run-process.js';

const API = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Api;
const CUSTOMERS = 'accounts.customer.change';
const ALL_LINES = { LOG_LEVEL: 'trace', ACCESS_LOG_SAMPLE: '1' };
const MANAGED = ['/health/live', '/health/ready', '/metrics', '/info', '/'];

describe('a marked value', () => {
  it.each([
    ['as it is', (text: string) => `{"a":"${text}"}`],
    ['in upper case', (text: string) => text.toUpperCase()],
    ['in base64', (text: string) => Buffer.from(`{"a":"${text}"}`).toString('base64')],
  ])('is found %s in a line of the log', (_, write) => {
    for (const mark of [markedText(), markedCard(), markedCard(' '), markedCard('.')])
      if (!(mark.includes(' ') || mark.includes('.')) || !/base64/.test(_))
        expect(findMarks([['the log', `before ${write(mark)} after`]])).toHaveLength(1);
    expect(findMarks([['the log', write('nothing')]])).toEqual([]);
  });

  it.each(LOG_FORMATS)(
    'is in no line of the format %s, no metric and no problem, wherever a client puts it',
    async (format) => {
      const DATA_DIR = temporaryDirectory();
      const records = await putDeadLetters(DATA_DIR);
      const running = await serve({ DATA_DIR, LOG_FORMAT: format, ...ALL_LINES }).serving();
      await eventually(async () => {
        const { body } = await get(`${running.managementUrl}/health/ready`);
        expect(body.deadLetters[`${CUSTOMERS}.orders.dlt`]).toEqual({ waiting: records });
      });
      await expectNoMarks(running);
      expect(running.stdout.split('sent to the dead-letter topic').length - 1).toBeGreaterThanOrEqual(records);
    },
  );
});

describeWithRealServers('a marked value on Kafka and MongoDB', () => {
  it('is in no line, no metric and no problem, wherever a client puts it', async () => {
    const { kafka, mongodb } = realServers();
    const running = await serve({ KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, ...ALL_LINES }).ready();
    await expectNoMarks(running);
  }, 180_000);
});

/** Sends everything to a process, ends it, and searches all that it said. */
async function expectNoMarks(running: RunningProcess): Promise<void> {
  const { url, managementUrl } = running;
  const customer = await post(`${url}/accounts/customers`, customerInput(markedText(), markedCard()));
  const customerId = customer.body.id as string;
  const place = () =>
    post(`${url}/orders`, { ...orderInput(customerId), minCustomerVersion: 1 }, { prefer: 'wait=10' });
  const orders = [await place(), await place()];
  expect([customer, ...orders].map(({ status }) => status)).toEqual([201, 201, 201]);

  const [first = '', second = ''] = orders.map(({ body }) => body.id as string);
  const [all, ofSecond] = [first, second].map((orderId) => markedRequests(API, { customerId, orderId }));
  const of = (requests: readonly MarkedRequest[] = [], wanted: RegExp) =>
    requests.filter(({ operation = '' }) => wanted.test(operation));
  // A changed customer may have no address to ship to; there is an attestation once the customer is erased.
  const phases = [
    [...of(all, /\/ship$/), ...of(ofSecond, /\/cancel$/)],
    of(all, /^(?!DELETE|.*\/(ship|cancel|erasure)$)/),
    of(all, /^DELETE/),
    of(all, /\/erasure$/),
  ];
  const requests = phases.flat();
  expect(requests).toHaveLength(all?.length ?? 0);
  const answers: Sent[] = [];
  for (const phase of phases) answers.push(...(await inTurn(phase, (each) => send(url, each))));
  expect(answers.flatMap(({ found }) => found)).toEqual([]);
  const bytes = await inTurn(
    [
      ...markedBytes().map((each) => [url, each] as const),
      ...markedBytes().map((each) => [managementUrl, each] as const),
    ],
    ([to, each]) => sendBytes(to, each),
  );
  expect(findMarks(bytes)).toEqual([]);
  const managed = MANAGED.flatMap((path) => managedRequests(path));
  expect((await inTurn(managed, (each) => send(managementUrl, each))).flatMap(({ found }) => found)).toEqual([]);

  // Every operation has been reached and refused something.
  const statuses = (wanted: string) =>
    answers.flatMap(({ status }, at) => (requests[at]?.operation === wanted ? [status] : []));
  for (const operation of new Set(requests.map((each) => each.operation as string))) {
    expect([operation, statuses(operation).some((status) => status >= 200 && status < 300)]).toEqual([operation, true]);
    expect([operation, statuses(operation).some((status) => status >= 400)]).toEqual([operation, true]);
  }
  expect(answers.filter(({ status }) => status === 500)).toEqual([]);

  const managementTexts = await Promise.all(
    MANAGED.map(async (path) => [path, (await get(managementUrl + path)).text] as const),
  );
  expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(findMarks([['stdout', running.stdout], ['stderr', running.stderr], ...managementTexts])).toEqual([]);
  // Otherwise the output was not that of all these requests.
  expect(running.stdout.split('answered').length).toBeGreaterThan(requests.length);
  expect(running.stdout).toContain(customerId);
}

function managedRequests(path: string): MarkedRequest[] {
  const [text, card] = [markedText(), markedCard()];
  const paths = [`${path}?${text}=${card}`, `${path}/${text}`, `${path}/${card}`];
  return [
    ...paths.map((each) => ({ method: 'GET', path: each, headers: {} })),
    { method: 'GET', path, headers: { Host: text } },
    { method: 'GET', path, headers: { Origin: `http://${text}`, Cookie: card } },
    { method: 'DELETE', path, headers: {} },
    { method: 'POST', path, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text, card }) },
  ];
}

/** Puts records on the log with marked values in every part. Returns how many of them orders cannot apply. */
async function putDeadLetters(directory: string): Promise<number> {
  const bus = new EmbeddedBus(await openEmbeddedDatabase(join(directory, 'log')), silentLogger);
  const [text, card] = [markedText(), markedCard()];
  const event = registrationOf(randomUUID());
  const wrong = { ...event.data, customer: { ...event.data.customer, [text]: text, name: { [card]: text } } };
  const values = [
    `${text} ${card}`,
    JSON.stringify(text),
    JSON.stringify({ ...event, specversion: text }),
    JSON.stringify({ ...event, type: `accounts.${text}.${card}`, dataschema: `urn:schema:${text}:v1` }),
    JSON.stringify({ ...event, sequence: card }),
    JSON.stringify({ ...event, id: text, subject: card, data: wrong }),
    JSON.stringify({
      ...event,
      traceparent: `00-${card.padEnd(32, 'a')}-b7ad6b7169203331-01`,
      actor: text,
      data: text,
    }),
    JSON.stringify({ ...event, dataschema: event.dataschema.replace(/\d+$/, '99'), data: { [text]: text } }),
  ];
  const records = values.map((value, at): BusRecord => ({
    key: Buffer.from(at % 2 ? text : card),
    value: Buffer.from(value),
    headers: { [text]: card, traceparent: text },
  }));
  await bus.publish(CUSTOMERS, records).finally(() => bus.close());
  // An event of an unknown type is ignored.
  return records.length - 1;
}
