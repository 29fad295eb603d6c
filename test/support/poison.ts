import { randomBytes, randomUUID } from 'node:crypto';
import type { BusRecord } from '../../src/platform/log/bus.js';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { goldenSamples } from './messages.js';

/** A record that can never be applied, and why a subscriber says that is. */
export interface Poison {
  readonly what: string;
  readonly value: Buffer | null;
  readonly why: RegExp;
  /** A reader has nothing against it, only MongoDB. */
  readonly isReadable?: boolean;
}

/** A value and its record's key and headers are a little less than the 1 MiB that a broker takes. */
const LARGEST_VALUE = 1_048_200;
/** A later version than any good one: where it came through, it would hide those. */
const LATER_VERSION = '99';

/** What accounts could have published of a customer whom it has never heard of. */
export function registrationOf(id: string, version = 1): CloudEvent<{ customer: { name: object } }> {
  return eventOf('accounts', 'accounts.customer.registered.v1.json', 'customer', id, version) as never;
}

/** Every kind of poison that a topic of changes of customers, or of orders, may have on it. */
export function poisons(topic: 'accounts.customer.change' | 'orders.order.change', id: string): Poison[] {
  const event =
    topic === 'accounts.customer.change'
      ? eventOf('accounts', 'accounts.customer.changed.v1.json', 'customer', id, 1)
      : eventOf('orders', 'orders.order.shipped.v1.json', 'order', id, 1);
  const later = { ...event, sequence: LATER_VERSION };
  // Orders keeps nothing of its own events that a schema does not hold to be shallow.
  const tooDeep = topic === 'accounts.customer.change' ? /^MongoDB/ : /^data.changed.0 must be string$/;
  return [
    { what: 'a tombstone', value: null, why: /^it has no value$/ },
    { what: 'an empty value', value: Buffer.alloc(0), why: /^not JSON$/ },
    { what: 'bytes that are no text', value: Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28]), why: /^not JSON$/ },
    { what: 'garbage, as large as it may be', value: randomBytes(LARGEST_VALUE), why: /^not JSON$/ },
    {
      what: 'an event that the database refuses',
      value: nestedEvent(later, id, 1_000),
      why: tooDeep,
      isReadable: true,
    },
    {
      what: 'one that is as large as it may be, too',
      value: nestedEvent(later, id, LARGEST_VALUE),
      why: tooDeep,
      isReadable: true,
    },
    {
      what: 'a future major version',
      value: json({ ...later, dataschema: `urn:schema:${event.type}:v99` }),
      why: /^major version 99 /,
    },
    { what: 'no CloudEvent', value: json({ hello: 'world' }), why: /^not a CloudEvent 1\.0$/ },
    { what: 'data that fails the schema', value: json({ ...later, data: {} }), why: /^data/ },
  ];
}

export function poisonRecord(id: string, { value }: Pick<Poison, 'value'>): BusRecord {
  return { key: Buffer.from(id), value, headers: { 'x-mine': 'as it was' } };
}

export function eventRecord(event: CloudEvent): BusRecord {
  const headers = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  return { key: Buffer.from(event.subject), value: json(event), headers };
}

function eventOf(context: string, sample: string, member: string, id: string, version: number): CloudEvent {
  const event = goldenSamples(context).find(({ file }) => file === sample)?.event as CloudEvent<Record<string, object>>;
  const data = { ...event.data, [member]: { ...event.data[member], id, version } };
  return { ...event, id: randomUUID(), subject: id, sequence: String(version), data };
}

/** The event with lists in lists where every context keeps them: in a customer's name, in what an order changed. */
function nestedEvent(event: CloudEvent, id: string, bytes: number): Buffer {
  const { customer, ...others } = event.data as { customer?: { name: object } };
  const data = customer
    ? { ...others, customer: { ...customer, version: Number(event.sequence), name: { ...customer.name, x: '@' } } }
    : { ...others, changed: ['@'] };
  const text = JSON.stringify({ ...event, subject: id, data });
  const levels = Math.floor((bytes - Math.min(bytes / 2, text.length)) / 2);
  return Buffer.from(text.replace('"@"', '['.repeat(levels) + ']'.repeat(levels)));
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
