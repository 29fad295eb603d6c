import { expect } from '@jest/globals';
import type { LoggedRecord } from '../../src/platform/log/bus.js';
import { changedPointers } from '../../src/platform/event/changed-pointers.js';
import { hashOf } from '../../src/platform/event/hash-chain.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import { get } from './http.js';
import type { Known, Load, State } from './load.js';
import { openWithKeysIn, type OpenRecord } from './open-records.js';
import { CARD_PREFIX } from './requests.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const AT_ONCE = 16;

/** Every answer so far was one that a client may get, and there were some. */
export function expectGoodAnswers(load: Load): void {
  expect(load.unexpected).toEqual([]);
  expect(load.customers.size).toBeGreaterThan(0);
  expect(load.orders.size).toBeGreaterThan(0);
}

/** What was acknowledged can be read: as it was, or changed by nothing but what was sent and not acknowledged. */
export async function expectAcknowledgedIsKept(load: Load, urls: { accounts: string; orders: string }): Promise<void> {
  const lost: string[] = [];
  const check = async (path: string, { id, newest, uncertain }: Known) => {
    const { status, body, text } = await get(`${path}/${id}`);
    if (status !== 200) lost.push(`${id}: ${status} ${text}`);
    else if (body.version < newest.version) lost.push(`${id}: version ${newest.version} is ${body.version} again`);
    else if (body.version > newest.version + uncertain.length) lost.push(`${id}: changed by nobody`);
    else if (!isReachedFrom(newest, uncertain, body)) lost.push(`${id}: ${JSON.stringify(newest)} became ${text}`);
  };
  await each(load.customers.values(), (customer) => check(`${urls.accounts}/accounts/customers`, customer));
  await each(load.orders.values(), (order) => check(`${urls.orders}/orders`, order));
  expect(lost).toEqual([]);
}

/** Every acknowledged version of a customer reaches orders, and nothing but that. */
export async function expectOrdersHears(load: Load, ordersUrl: string): Promise<void> {
  await each(load.customers.values(), async ({ id, newest, uncertain }) => {
    const url = `${ordersUrl}/orders/customers/${id}?minVersion=${newest.version}`;
    const { body } = await eventually(
      async () => {
        const answer = await get(url, { prefer: 'wait=10' });
        if (answer.status !== 200) throw new Error(`${newest.version} of ${id}: ${answer.status} ${answer.text}`);
        return answer;
      },
      { within: 60_000 },
    );
    const { creditCards: _, ...copied } = newest;
    expect(body.customerVersion).toBe(body.customer.version);
    expect([id, isReachedFrom(copied as unknown as State, uncertain, body.customer)]).toEqual([id, true]);
  });
}

/** Everything that is committed has been published. */
export async function expectOutboxDrains(...managementUrls: string[]): Promise<void> {
  const asked = new Date().toISOString();
  for (const url of managementUrls) {
    await eventually(
      async () => {
        const { body } = await get(`${url}/health/ready`);
        const outboxes = Object.entries<{ pending: number; asOf: string; detail?: string }>(body.outbox);
        expect(outboxes.length).toBeGreaterThan(0);
        for (const [topic, { pending, asOf, detail }] of outboxes) {
          expect([topic, pending, detail]).toEqual([topic, 0, undefined]);
          // An answer may be some seconds old.
          expect(asOf > asked).toBe(true);
        }
      },
      { within: 60_000 },
    );
  }
}

/** Expects that the log holds every acknowledged version. */
export function expectLogHoldsAcknowledged(load: Load, records: readonly LoggedRecord[]): void {
  const there = new Set(records.map(({ key, value }) => `${String(key)} ${sequenceOf(value)}`));
  const known = [...load.customers.values(), ...load.orders.values()];
  const acknowledged = known.flatMap(({ id, versions }) => [...versions.keys()].map((version) => `${id} ${version}`));
  expect(acknowledged.filter((version) => !there.has(version))).toEqual([]);
}

/**
 * Of each aggregate the log holds every acknowledged version as it was acknowledged, in order and with no gap up to the
 * newest, as CloudEvents of the event contract; duplicates are the same event again. What is personal is sealed, and the
 * keys in the log open it.
 * @param records of the topics of both contexts and of the keys
 */
export async function expectLogTellsAll(
  load: Load,
  records: readonly LoggedRecord[],
  masterKeysFile: string,
): Promise<void> {
  const open = await openWithKeysIn(records, masterKeysFile);
  expectLogHoldsAcknowledged(load, records);
  await expectStream(records, [...load.customers.values()], open, {
    topic: 'accounts.customer.change',
    source: '/accounts',
    types: ['accounts.customer.registered', 'accounts.customer.changed'],
    major: 3,
    name: 'customer',
    personal: ['name', 'contact', 'addresses', 'creditCards'],
  });
  await expectStream(records, [...load.orders.values()], open, {
    topic: 'orders.order.change',
    source: '/orders',
    types: ['orders.order.placed', 'orders.order.shipped'],
    major: 2,
    name: 'order',
    personal: ['shipTo', 'cancelReason'],
    person: '/order/customerId',
  });
}

interface Contract {
  readonly topic: string;
  readonly source: string;
  /** Of version 1, and of every later one. */
  readonly types: readonly [string, string];
  /** Version of the data's schema. */
  readonly major: number;
  /** Of the aggregate in `data`. */
  readonly name: string;
  /** Members of the aggregate that are published sealed, and no other way. */
  readonly personal: readonly string[];
  /** Where in `data` the id of the person is, unless that is the subject. */
  readonly person?: string;
}

async function expectStream(
  records: readonly LoggedRecord[],
  known: readonly Known[],
  open: OpenRecord,
  contract: Contract,
): Promise<void> {
  const byKey = groupByKey(records.filter(({ topic }) => topic === contract.topic));
  for (const aggregate of known) {
    const own = byKey.get(aggregate.id) ?? [];
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
    const first = firstOfEachVersion(own);
    const versions = [...first.keys()];
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    expect(versions.length).toBeGreaterThanOrEqual(aggregate.newest.version);
    expect(versions.length).toBeLessThanOrEqual(aggregate.newest.version + aggregate.uncertain.length);
    const opened: OpenedRecord[] = [];
    for (const record of first.values()) opened.push({ record, data: (await open(record)).data as OpenedData });
    expectEvents(opened, aggregate, contract);
  }
}

type OpenedData = Readonly<Record<string, State>>;

interface OpenedRecord {
  readonly record: LoggedRecord;
  /** With the members that were sealed. */
  readonly data: OpenedData;
}

function expectEvents(opened: readonly OpenedRecord[], { id, versions, changed }: Known, contract: Contract): void {
  let before: object = {};
  let prevhash: string | undefined;
  for (const [index, { record, data }] of opened.entries()) {
    const version = index + 1;
    const event = JSON.parse(String(record.value));
    const state = data[contract.name] as State;
    const type = contract.types[version === 1 ? 0 : 1];
    expect(record.headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: contract.source,
      ce_type: type,
      ce_subject: id,
      ce_time: event.time,
      ce_dataschema: event.dataschema,
      ce_sequence: String(version),
      traceparent: event.traceparent,
    });
    expect(event).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(UUID),
      source: contract.source,
      type,
      subject: id,
      time: state.updatedAt,
      datacontenttype: 'application/json',
      dataschema: `urn:schema:${type}:v${contract.major}`,
      sequence: String(version),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
      ...(prevhash !== undefined && { prevhash }),
      hash: hashOf(event),
      data: sealedForm(state, contract),
    });
    prevhash = event.hash as string;
    expect([id, state.id, state.version]).toEqual([id, id, version]);
    expect(JSON.stringify([event, data])).not.toContain(CARD_PREFIX);
    if (versions.has(version)) expect(state).toEqual(versions.get(version));
    if (changed.has(version)) expect([...event.data.changed].sort()).toEqual([...(changed.get(version) ?? [])].sort());
    // Nobody's change is undone by another one.
    const { id: _, version: __, createdAt: ___, updatedAt: ____, ...content } = state;
    expect([...changedPointers(before, content)].sort()).toEqual([...event.data.changed].sort());
    before = content;
  }
}

/** The data as it is published: nothing personal is in clear text. */
function sealedForm(state: State, { name, personal, person }: Contract): object {
  const clear = Object.entries(state).filter(([member]) => !personal.includes(member));
  const sealed = {
    kid: expect.stringMatching(/^[0-9a-f]{32}$/),
    alg: 'A256GCM',
    zip: 'DEF-d1',
    box: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
    ...(person !== undefined && { person }),
  };
  return {
    [name]: Object.fromEntries(clear),
    changed: expect.any(Array),
    ...(clear.length < Object.keys(state).length && { sealed }),
  };
}

/** In the order of the log. */
function firstOfEachVersion(records: readonly LoggedRecord[]): Map<number, LoggedRecord> {
  const first = new Map<number, LoggedRecord>();
  for (const record of records) {
    const version = Number(sequenceOf(record.value));
    const seen = first.get(version);
    if (!seen) first.set(version, record);
    else expect(String(record.value)).toBe(String(seen.value));
  }
  return first;
}

/** True when nothing differs but version, time and values that were sent and not acknowledged. */
function isReachedFrom(newest: State, uncertain: readonly unknown[], state: State): boolean {
  if (state.version === newest.version) return changedPointers(newest, state).length === 0;
  return changedPointers(newest, state).every((pointer) => {
    if (['/version', '/updatedAt', '/shipTo'].includes(pointer)) return true;
    const value = pointer
      .slice(1)
      .split('/')
      .reduce((at: unknown, name) => (at as Record<string, unknown> | undefined)?.[name], state);
    return uncertain.includes(value);
  });
}

function sequenceOf(value: Buffer | null): string {
  return /"sequence":"(\d+)"/.exec(String(value))?.[1] ?? '';
}

function groupByKey(records: readonly LoggedRecord[]): Map<string, LoggedRecord[]> {
  const groups = new Map<string, LoggedRecord[]>();
  for (const record of records) {
    const key = String(record.key);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(record);
  }
  return groups;
}

async function each<T>(items: Iterable<T>, check: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const checkers = Array.from({ length: AT_ONCE }, async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await check(item);
  });
  await Promise.all(checkers);
}
