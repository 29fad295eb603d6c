import { describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { OtlpReceiver, type ReceivedSpan } from '../src/platform/testing/otlp-receiver.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
import { withReceiver } from './support/with-receiver.js';
import { type Answer, call, get, post } from './support/http.js';
import { erase, newPerson, type Urls } from './support/persons.js';
import { CARD_PREFIX, customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve, type Settings, temporaryDirectory } from './support/run-process.js';
import { tracesOf } from './support/traces.js';

const CHANGE = 'accounts.customer.change';
const STOPPED = { code: 0, signal: null };
/** A registration is applied by both contexts: accounts records its own history. */
const OF_A_REGISTRATION = [
  'POST /accounts/customers',
  `apply ${CHANGE}`,
  `apply ${CHANGE}`,
  `publish ${CHANGE}`,
  'save registered',
];
const COMMANDS = 40;

const toCollector = ({ url }: OtlpReceiver): Settings => ({
  ...{ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '50' },
});

const traceOf = ({ headers }: Answer) => String(headers.get('traceparent')?.split('-')[1]);
const register = ({ accounts }: Urls, headers = {}) =>
  post(`${accounts}/accounts/customers`, customerInput('Traced'), headers);

describe('the trace of a command in one process on the embedded backends', () => {
  it('shows it from the request to the copy in the other context', () =>
    withReceiver(async (receiver) => {
      const { url } = await serve({ DATA_DIR: temporaryDirectory(), ...toCollector(receiver) }).ready();
      await expectTracesOfCommands({ accounts: url, orders: url }, receiver);
      expect(new Set(receiver.spans.map(({ service }) => service))).toEqual(new Set(['accounts-orders']));
    }));

  it('has no span if the caller does not sample it, and the event says so', () =>
    withReceiver(async (receiver) => {
      const running = await serve({ DATA_DIR: temporaryDirectory(), ...toCollector(receiver) }).ready();
      const urls = { accounts: running.url, orders: running.url };
      const unsampled = '0af7651916cd43dd8448eb211c80319c';
      const answer = await register(urls, { traceparent: `00-${unsampled}-00f067aa0ba902b7-00` });
      expect(answer.headers.get('traceparent')).toMatch(new RegExp(`^00-${unsampled}-[0-9a-f]{16}-00$`));
      await receiver.namesOf(traceOf(await register(urls)), OF_A_REGISTRATION.length);
      // It sends what it has not sent yet.
      expect(await running.kill('SIGTERM')).toEqual(STOPPED);

      expect(receiver.trace(unsampled)).toEqual([]);
    }));

  it('has nothing personal in it, no card number and no id of a customer', () =>
    withReceiver(async (receiver) => {
      const running = await serve({ DATA_DIR: temporaryDirectory(), ...toCollector(receiver) }).ready();
      const urls = { accounts: running.url, orders: running.url };
      const person = await newPerson(urls);
      const searches = await Promise.all([
        get(`${urls.accounts}/accounts/customers?lastName=${person.texts['last name']}`),
        get(`${urls.accounts}/accounts/customers?email=${person.texts['e-mail']}@example.com`),
        get(`${urls.accounts}/accounts/customers/${CARD_PREFIX}`),
        post(`${urls.accounts}/accounts/customers?${person.texts.street}`, { name: person.texts.street }),
      ]);
      expect(searches.map(({ status }) => status)).toEqual([200, 200, 404, 422]);
      await erase(urls, person);
      await eventually(() => expect(receiver.spans.map(({ name }) => name)).toContain('save redacted'));
      expect(await running.kill('SIGTERM')).toEqual(STOPPED);

      const places = receiver.received.map(({ body, path }) => [String(path), body] as const);
      expect(tracesOf({ ...person.texts, id: person.id, card: CARD_PREFIX }, places)).toEqual([]);
      expect(tracesOf({ route: '/accounts/customers' }, places)).not.toEqual([]);
    }));

  it('goes on in the commands of a reaction', () =>
    withReceiver(async (receiver) => {
      const { url } = await serve({ DATA_DIR: temporaryDirectory(), ...toCollector(receiver) }).ready();
      const { body: customer } = await register({ accounts: url, orders: url });
      const order = { ...orderInput(customer.id as string), minCustomerVersion: 1 };
      expect((await post(`${url}/orders`, order, { prefer: 'wait=10' })).status).toBe(201);
      const erased = await call('DELETE', `${url}/accounts/customers/${customer.id}`);

      expect(await receiver.namesOf(traceOf(erased), 8)).toEqual([
        'DELETE /accounts/customers/{customerId}',
        `apply ${CHANGE}`,
        `apply ${CHANGE}`,
        'apply orders.order.change',
        `publish ${CHANGE}`,
        'publish orders.order.change',
        'save erased',
        'save redacted',
      ]);
    }));
});

describe('a process', () => {
  it('that sends traces serves commands, and warns once, while the collector is away', async () => {
    const away = await OtlpReceiver.start();
    const settings = { ...toCollector(away), OTEL_EXPORTER_OTLP_TIMEOUT: '200' };
    await away.stop();
    const running = await serve({ DATA_DIR: temporaryDirectory(), ...settings }).ready();
    const urls = { accounts: running.url, orders: running.url };
    for (let each = 0; each < COMMANDS; each += 1) expect((await register(urls)).status).toBe(201);
    await eventually(() => expect(spanWarnings(running)).toHaveLength(1));
    for (let each = 0; each < COMMANDS; each += 1) expect((await register(urls)).status).toBe(201);

    expect(await running.kill('SIGTERM')).toEqual(STOPPED);
    expect(spanWarnings(running)).toHaveLength(1);
  });

  it('loads the SDK only if it sends traces', () =>
    withReceiver(async (receiver) => {
      const loaded = async (settings: Settings) => {
        const running = await serve({ DATA_DIR: temporaryDirectory(), NODE_DEBUG: 'module', ...settings }).ready();
        expect(await running.kill('SIGTERM')).toEqual(STOPPED);
        const packages = running.stderr.match(/node_modules\/@opentelemetry\/[\w-]+/g) ?? [];
        return [...new Set(packages.map((each) => each.split('/')[2]))];
      };

      expect(await loaded({})).toEqual(['api']);
      expect(await loaded({ ...toCollector(receiver), OTEL_SDK_DISABLED: 'true' })).toEqual(['api']);
      expect(await loaded(toCollector(receiver))).toEqual(expect.arrayContaining(['api', 'sdk-trace-base']));
    }));
});

describeWithRealServers('the trace of a command in two processes on Kafka and MongoDB', () => {
  it('shows it from the request to the copy in the other context', () =>
    withReceiver(async (receiver) => {
      const { kafka, mongodb } = realServers();
      const settings = { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
      const [accounts, orders] = await Promise.all(
        ['accounts', 'orders'].map((module) => serve({ ...settings, ...toCollector(receiver) }, module).ready()),
      );
      const urls = { accounts: String(accounts?.url), orders: String(orders?.url) };
      const traces = await expectTracesOfCommands(urls, receiver);

      for (const spans of traces) {
        const services = spans.map(({ name, service }) => (name.startsWith('apply') ? service : 'accounts'));
        expect(services.toSorted()).toEqual(['accounts', 'accounts', 'accounts', 'accounts', 'orders']);
      }
    }));
});

/** Registers many customers at once: batches have events of many traces. Returns the spans of each command. */
async function expectTracesOfCommands(
  urls: Urls,
  receiver: OtlpReceiver,
): Promise<readonly (readonly ReceivedSpan[])[]> {
  const answers = await Promise.all(Array.from({ length: COMMANDS }, () => register(urls)));
  const traces: (readonly ReceivedSpan[])[] = [];
  for (const answer of answers) {
    const traceId = traceOf(answer);
    expect(await receiver.namesOf(traceId, OF_A_REGISTRATION.length)).toEqual(OF_A_REGISTRATION);
    const spans = receiver.trace(traceId);
    const request = spans.find(({ name }) => name.startsWith('POST'));
    expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${request?.spanId}-01`);
    const parents = spans.flatMap((span) => (span === request ? [] : span.parentSpanId));
    expect(new Set(parents)).toEqual(new Set([request?.spanId]));
    traces.push(spans);
  }
  // The spans of a batch lead to each other, though they are in different traces.
  const known = new Set(traces.flat().map(({ traceId, spanId }) => `${traceId}-${spanId}`));
  const batched = traces.flat().filter(({ attributes }) => Number(attributes['messaging.batch.message_count']) > 1);
  const linked = batched.flatMap(({ links }) => links.map(({ traceId, spanId }) => `${traceId}-${spanId}`));
  expect(linked.filter((each) => known.has(each))).not.toEqual([]);
  return traces;
}

function spanWarnings(running: RunningProcess): unknown[] {
  return running.logged('cannot send spans; dropping them until the collector accepts them');
}
