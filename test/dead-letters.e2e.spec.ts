import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Bus, BusRecord, LoggedRecord } from '../src/platform/log/bus.js';
import { toDeadLetter, withoutContent } from '../src/platform/consuming/dead-letter.js';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import { dlt } from './support/dlt.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, patch, post } from './support/http.js';
import { describeWithOwnServers, type OwnServers } from './support/own-servers.js';
import { eventRecord, poisonRecord, poisons, registrationOf } from './support/poison.js';
import { readTopics } from './support/read-log.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';

describeWithOwnServers('dead letters of accounts and orders', 'e2e-letters', (servers) => {
  let bus: Bus;
  let accounts: RunningProcess;
  let orders: RunningProcess;

  beforeAll(async () => {
    const client = { clientId: 'test', brokers: [servers.kafka] };
    // Uncompressed: some of the records are as large as they may be, and gzip makes noise larger.
    const settings = { client, compression: 'none', partitions: 6, sessionTimeout: 6_000 } as const;
    bus = await KafkaBus.open(settings, silentLogger);
  });

  afterAll(() => bus.close());

  const start = async () => {
    [accounts, orders] = await Promise.all([
      serve(settingsOf(servers), 'accounts').ready(),
      serve(settingsOf(servers), 'orders').ready(),
    ]);
  };
  const run = (...args: string[]) => dlt(settingsOf(servers), 'orders', ...args);

  it('are every kind of poison, as it was, and nothing else: the partition goes on', async () => {
    await start();
    const { body: customer } = await post(`${accounts.url}/accounts/customers`, customerInput('Between'));
    const place = { ...orderInput(customer.id), minCustomerVersion: 1 };
    const { body: order } = await post(`${orders.url}/orders`, place, { prefer: 'wait=10' });
    await hasHistory(`${accounts.url}/accounts/customers/${customer.id}`, 1);
    await hasHistory(`${orders.url}/orders/${order.id}`, 1);

    const [ofCustomer, ofOrder] = [poisons(CUSTOMERS, customer.id), poisons(ORDERS, order.id)];
    for (const [index, poison] of ofCustomer.entries()) {
      await bus.publish(CUSTOMERS, [poisonRecord(customer.id, poison)]);
      await patch(`${accounts.url}/accounts/customers/${customer.id}`, { name: { lastName: `Between${index}` } });
    }
    for (const poison of ofOrder) await bus.publish(ORDERS, [poisonRecord(order.id, poison)]);
    expect((await post(`${orders.url}/orders/${order.id}/ship`)).status).toBe(200);

    const versions = 1 + ofCustomer.length;
    await hasHistory(`${accounts.url}/accounts/customers/${customer.id}`, versions);
    await hasHistory(`${orders.url}/orders/${order.id}`, 2);
    const copy = `${orders.url}/orders/customers/${customer.id}?minVersion=${versions}`;
    expect((await get(copy, { prefer: 'wait=10' })).body.customerVersion).toBe(versions);
    for (const [topic, group, expected] of [
      [CUSTOMERS, 'accounts', ofCustomer],
      [CUSTOMERS, 'orders', ofCustomer],
      [ORDERS, 'orders', ofOrder],
    ] as const) {
      const letters = await eventually(async () => {
        const read = await readTopics(bus, [`${topic}.${group}.dlt`]);
        expect([topic, group, read.length]).toEqual([topic, group, expected.length]);
        return read;
      });
      for (const { what, value, why } of expected) {
        const letter = letters.find((each) => sameBytes(each.value, value));
        expect([what, letter?.headers]).toMatchObject([
          what,
          { 'x-mine': 'as it was', 'dlt-topic': topic, 'dlt-group': group, 'dlt-error': expect.stringMatching(why) },
        ]);
        expect(JSON.stringify(letter?.headers)).not.toContain('Springfield');
      }
    }
    await eventually(async () => {
      const { body } = await get(`${orders.managementUrl}/health/ready`);
      expect([body.status, body.deadLetters]).toEqual([
        'ready',
        {
          [`${CUSTOMERS}.orders.dlt`]: { waiting: ofCustomer.length },
          [`${ORDERS}.orders.dlt`]: { waiting: ofOrder.length },
        },
      ]);
    });
    const logged = orders.logged('record sent to the dead-letter topic');
    expect(logged).toHaveLength(ofCustomer.length + ofOrder.length);
  }, 180_000);

  it('are listed and shown, each as what it is', async () => {
    const listed = await run('list');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const ids = [...listed.stdout.matchAll(/^(\S+\/\d+\/\d+) +\S+ +\S+Z +\d+ +pending +\S/gm)].map(([, id]) =>
      String(id),
    );
    expect(ids).toHaveLength(poisons(CUSTOMERS, '').length + poisons(ORDERS, '').length);
    const lines = (await run('list', '--json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(ids);

    const pages = await inTurn(ids.slice(0, 8), (id) => run('show', id));
    expect(pages.map(({ code }) => code)).toEqual(pages.map(() => 0));
    expect(pages.map(({ stdout }) => /^(?:No|Empty|Binary|Text|JSON) value/m.exec(stdout)?.[0])).toEqual([
      'No value',
      'Empty value',
      'Binary value',
      'Binary value',
      'JSON value',
      'JSON value',
      'JSON value',
      'JSON value',
    ]);
    expect(pages[0]?.stdout).toContain('x-mine');
    expect(await run('show', `${CUSTOMERS}/0/999999`)).toMatchObject({ code: 1, stdout: '' });
  }, 120_000);

  it('heal where the code can read them now, by version, while the service runs', async () => {
    await start();
    const [id, known] = [randomUUID(), randomUUID()];
    await bus.publish(CUSTOMERS, [eventRecord(registrationOf(known, 3))]);
    await eventually(async () => expect((await get(`${orders.url}/orders/customers/${known}`)).status).toBe(200));
    await putAside(bus, eventRecord(registrationOf(id, 1)));
    await putAside(bus, eventRecord(registrationOf(known, 2)));

    expect(await run('redrive', '--key', id)).toEqual({
      code: 0,
      stdout: '1 redriven, 0 still failing.\n',
      stderr: '',
    });
    expect(await run('redrive', '--key', known)).toMatchObject({ code: 0 });

    expect((await get(`${orders.url}/orders/customers/${id}`)).body.customerVersion).toBe(1);
    expect((await get(`${orders.url}/orders/customers/${known}`)).body.customerVersion).toBe(3);
    expect((await run('list')).stdout).not.toContain(id);
    expect((await run('list', '--all')).stdout).toMatch(new RegExp(`${id} .* redriven `));
    expect(await run('redrive', '--key', id)).toMatchObject({ code: 0, stdout: 'Nothing to redrive.\n' });
  }, 120_000);

  it('whose value was left out are shown and redriven from where they were', async () => {
    await start();
    const id = randomUUID();
    await bus.publish(CUSTOMERS, [eventRecord(registrationOf(id, 4))]);
    const isIt = ({ key }: BusRecord) => String(key) === id;
    const record = (await readTopics(bus, [CUSTOMERS])).find(isIt) as LoggedRecord;
    const letter = toDeadLetter({ record, reason: 'it was too large', attempts: 1 }, 'orders');
    await bus.publish(`${CUSTOMERS}.orders.dlt`, [withoutContent(letter)]);
    const name = `${CUSTOMERS}/${record.partition}/${record.offset}`;

    const { stdout } = await run('show', name);
    expect(stdout).toContain('too large for the dead-letter topic');
    expect(stdout).toContain(`"subject": "${id}"`);
    expect(await run('redrive', name)).toMatchObject({ code: 0, stdout: '1 redriven, 0 still failing.\n' });
  }, 120_000);

  it('that cannot be read still stay, and say why', async () => {
    const before = (await run('list')).stdout;
    const { code, stdout } = await run('redrive', '--all');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^0 redriven, \d+ still failing\.$/m);
    expect(stdout).toMatch(/^accounts\.customer\.change\/\d\/\d+ {2}not JSON$/m);
    expect((await run('list')).stdout).toBe(before);
  }, 120_000);

  it('are listed as healed once a newer event is applied', async () => {
    await start();
    const [id, newest] = [randomUUID(), randomUUID()];
    const unread = (of: string, version: number) => {
      const event = registrationOf(of, version);
      return eventRecord({ ...event, dataschema: `urn:schema:${event.type}:v99` });
    };
    await bus.publish(CUSTOMERS, [
      ...[unread(id, 1), poisonRecord(id, { value: Buffer.from('unknown') }), eventRecord(registrationOf(id, 2))],
      ...[eventRecord(registrationOf(newest, 1)), unread(newest, 2)],
    ]);

    await eventually(async () => {
      const { stdout } = await run('list');
      const states = stdout.split('\n').flatMap((line) => {
        const [, key, state, reason] = /^\S+ +(\S+) +\S+ +\d+ +(pending(?:, healed)?) +(.*)$/.exec(line) ?? [];
        return key === id || key === newest ? [[key, state, reason]] : [];
      });
      expect(states).toHaveLength(3);
      // Nobody knows whether the second one was an erasure, which has effects of its own.
      expect(states).toEqual(
        expect.arrayContaining([
          [id, 'pending, healed', expect.stringMatching(/^major version 99 /)],
          [id, 'pending', 'not JSON'],
          [newest, 'pending', expect.stringMatching(/^major version 99 /)],
        ]),
      );
    });
    expect((await get(`${orders.url}/orders/customers/${id}`)).body.customerVersion).toBe(2);
    const grouped = await run('list', '--group-by', 'type');
    expect(grouped).toMatchObject({ code: 0, stderr: '' });
    expect(grouped.stdout).toMatch(/^\d+ +\S+Z +\S+Z +accounts\.customer\.registered$/m);
  }, 120_000);

  it('can be discarded with a reason, while the service runs, and be redriven by their id nevertheless', async () => {
    await start();
    const id = randomUUID();
    const waiting = async () => {
      const { body } = await get(`${orders.managementUrl}/health/ready`);
      return (body.deadLetters[`${CUSTOMERS}.orders.dlt`] as { waiting: number }).waiting;
    };
    const before = await waiting();
    await putAside(bus, eventRecord(registrationOf(id, 1)));
    const name = `${CUSTOMERS}/0/${unheardOf}`;
    await eventually(async () => expect(await waiting()).toBe(before + 1));

    const refused = await run('discard', '--key', id, '--reason', 'card 4111 1111 1111 1111');
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.not.stringContaining('4111') });
    const discard = ['discard', '--key', id, '--reason', 'a test event of ours'];
    expect(await run(...discard)).toEqual({ code: 0, stdout: '1 discarded.\n', stderr: '' });
    expect(await run(...discard)).toEqual({ code: 0, stdout: 'Nothing to discard.\n', stderr: '' });

    await eventually(async () => expect(await waiting()).toBe(before));
    expect((await run('list')).stdout).not.toContain(id);
    expect((await run('list', '--all')).stdout).toMatch(new RegExp(`${id} .* discarded .* a test event of ours$`, 'm'));
    expect((await run('show', name)).stdout).toMatch(/^because +a test event of ours$/m);
    expect((await run('redrive', '--all')).stdout).toMatch(/^0 redriven/);
    expect((await get(`${orders.url}/orders/customers/${id}`)).status).toBe(404);

    expect(await run('redrive', name)).toMatchObject({ code: 0, stdout: '1 redriven, 0 still failing.\n' });
    expect((await get(`${orders.url}/orders/customers/${id}`)).body.customerVersion).toBe(1);
    expect((await run('list', '--all')).stdout).toMatch(new RegExp(`${id} .* redriven `));
  }, 180_000);

  it('are left as they are while MongoDB or Kafka is away, and nobody waits for them', async () => {
    await start();
    const id = randomUUID();
    await putAside(bus, eventRecord(registrationOf(id, 1)));
    await servers.stop('mongodb');
    const refused = await run('redrive', '--all');
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: 'MongoDB does not answer for database orders; nothing was done\n',
    });
    const listed = await run('list');
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });
    expect(listed.stderr).toMatch(/^MongoDB does not answer .*healed are not marked$/m);
    await servers.start('mongodb');
    expect((await run('list')).stdout).toContain(id);

    await servers.stop('kafka');
    expect(await run('list')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Kafka does not') });
    await eventually(async () => {
      const asked = Date.now();
      const { body } = await get(`${orders.managementUrl}/health/ready`);
      expect(Date.now() - asked).toBeLessThan(4_000);
      expect(body.deadLetters[`${ORDERS}.orders.dlt`]).toEqual({ detail: 'unknown: the bus does not answer' });
    });
    await servers.start('kafka');
    expect((await run('redrive', '--key', id)).code).toBe(0);
  }, 180_000);
});

function settingsOf({ kafka, mongodb }: OwnServers) {
  return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
}

/** Where no record is. */
let unheardOf = 1_000_000_000;

/** Leaves a letter as code would have that did not understand the record. */
async function putAside(bus: Bus, record: BusRecord): Promise<void> {
  const logged = { ...record, topic: CUSTOMERS, partition: 0, offset: (unheardOf += 1) };
  const letter = toDeadLetter({ record: logged, reason: 'it was not understood', attempts: 1 }, 'orders');
  await bus.publish(`${CUSTOMERS}.orders.dlt`, [letter]);
}

async function hasHistory(url: string, versions: number): Promise<void> {
  await eventually(async () => {
    const { body } = await get(`${url}/history`);
    const recorded = (body.items as { version: number }[]).map(({ version }) => version);
    expect(recorded).toEqual(Array.from({ length: versions }, (_, index) => index + 1));
  });
}

function sameBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
