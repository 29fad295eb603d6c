import { describe, expect, it } from '@jest/globals';
import {
  changeCustomer,
  type CustomerInput,
  eraseCustomer,
  registerCustomer,
} from '../src/accounts/domain/customer.js';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import { CONTEXTS } from '../src/contexts.js';
import { cancelOrder, placeOrder, redactOrder, shipOrder } from '../src/orders/domain/order.js';
import { readCustomerChange } from '../src/orders/messages/customer-changes.js';
import { orderEvents } from '../src/orders/messages/order-events.js';
import { type CloudEvent, dataschemaOf } from '../src/platform/event/cloud-event.js';
import type { Change } from '../src/platform/aggregate/aggregates.js';
import type { EventStream } from '../src/platform/event/event-stream.js';
import { holdToSchema } from '../src/platform/event/message-schemas.js';
import { toChain } from '../src/platform/testing/cloud-events.js';
import { goldenSamples, messageSchemas } from './support/messages.js';

const NOW = '2026-01-01T00:00:00.000Z';

const ada: CustomerInput = {
  name: { firstName: 'Ada', lastName: 'Lovelace', title: 'Ms', middleName: 'King', suffix: 'I' },
  contact: { email: 'ada@example.com', primaryPhone: '1', secondaryPhone: '2' },
  addresses: [
    { type: 'SHIPPING', address1: '12 St James Square', city: 'London', state: 'LND', postalCode: 'SW1Y 4JH' },
    { type: 'BILLING', description: 'b', address1: '1', address2: '2', city: 'c', state: 's', postalCode: 'p' },
  ],
  creditCards: [{ type: 'PRIMARY', number: '4111 1111 1111 1111', expiration: '12/30', nameOnCard: 'Ada' }],
};

/** The event of the last of an aggregate's changes. */
function published(stream: EventStream, ...changes: Change[]): CloudEvent {
  return toChain(stream, changes).at(-1) as CloudEvent;
}

const registered = registerCustomer('c-1', ada, NOW);
const changed = changeCustomer(registered.state, { ...ada, addresses: [], creditCards: [] }, NOW);
const erased = eraseCustomer(registered.state, NOW);
const customerMessages = [
  published(customerEvents, registered),
  published(customerEvents, registered, changed),
  published(customerEvents, registered, erased),
];

const customer = readCustomerChange(customerMessages[0] as CloudEvent);
const items = [{ product: { id: 'p', title: 't', price: { amount: '0.1', currency: 'USD' } }, quantity: 3 }];
const placed = placeOrder('o-1', customer as never, items, NOW);
const shipped = shipOrder(placed.state, customer as never, NOW);
const cancelled = cancelOrder(placed.state, 'ordered twice', NOW);
const redacted = redactOrder(shipped.state, NOW)!;
const orderMessages = [
  published(orderEvents, placed),
  published(orderEvents, placed, shipped),
  published(orderEvents, placed, cancelled),
  published(orderEvents, placed, shipped, redacted),
];

/** What the code of a context publishes today: of every type at least one. Of a context without, its golden samples. */
const PUBLISHED: Readonly<Record<string, readonly CloudEvent[]>> = {
  ...Object.fromEntries(CONTEXTS.map(({ name }) => [name, goldenSamples(name).map(({ event }) => event)])),
  accounts: customerMessages,
  orders: orderMessages,
};

const PRODUCERS = CONTEXTS.flatMap(({ name, events }) =>
  events.publishes.map((stream) => ({ context: name, topic: stream.topic, stream })),
);

/** A value with a member more in each of the objects in it, one at a time. */
function* withOneMore(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { ...value, number: '4111111111111111' };
  for (const [name, member] of Object.entries(value)) {
    for (const more of withOneMore(member)) {
      yield Array.isArray(value) ? value.with(Number(name), more) : { ...value, [name]: more };
    }
  }
}

describe('the message contract', () => {
  it('is held by contexts that publish', () => {
    expect(PRODUCERS.length).toBeGreaterThanOrEqual(CONTEXTS.length);
    expect(Object.keys(PUBLISHED).sort()).toEqual([...new Set(PRODUCERS.map(({ context }) => context))].sort());
  });

  describe.each(PRODUCERS)('of $context as the producer of $topic', ({ context, stream }) => {
    const schemaOf = messageSchemas(context);
    const types = Object.entries(stream.schemaVersions).map(([type, newest]) => ({
      type: `${stream.typePrefix}.${type}`,
      newest,
    }));
    const versions = types.flatMap(({ type, newest }) =>
      Array.from({ length: newest }, (_, index) => dataschemaOf(type, index + 1)),
    );
    const messages = (PUBLISHED[context] ?? []).filter(({ type }) => types.some((each) => each.type === type));

    it('is seen to publish every type, each in the version of today', () => {
      const today = types.map(({ type, newest }) => dataschemaOf(type, newest));
      expect([...new Set(messages.map(({ dataschema }) => dataschema))].sort()).toEqual(today.sort());
    });

    it.each(messages.map((message) => [message.type, message] as const))('%s fits its schema', (_type, message) => {
      const validate = schemaOf(message.dataschema);
      validate(message.data);
      expect(validate.errors).toBeNull();
    });

    describe.each(versions)('in %s', (dataschema) => {
      const samples = goldenSamples(context).filter(({ event }) => event.dataschema === dataschema);

      it('stands by its golden samples', () => {
        expect(samples).not.toEqual([]);
        for (const { event } of samples) {
          const validate = schemaOf(dataschema);
          validate(event.data);
          expect(validate.errors).toBeNull();
          expect(() => holdToSchema(stream.schemas, dataschema, event.data)).not.toThrow();
        }
      });

      it('refuses what the schema does not name, such as a card number, wherever it is', () => {
        for (const leaky of samples.flatMap(({ event }) => [...withOneMore(event.data)])) {
          expect(schemaOf(dataschema)(leaky)).toBe(false);
          expect(() => holdToSchema(stream.schemas, dataschema, leaky)).toThrow(
            /\((?:un)?(?:additional|evaluated)\w+\)/,
          );
        }
      });
    });
  });

  describe('of orders as a consumer of customers', () => {
    it.each(goldenSamples('accounts').map(({ file, event }) => [file, event] as const))('reads %s', (_file, event) => {
      const { customer: sent } = event.data as { customer: { version: number; addresses?: object[] } };
      const addresses = sent.addresses?.map((address) => ({ country: 'US', ...address }));
      const expected = addresses ? { addresses } : { erased: true };
      expect(readCustomerChange(event)).toMatchObject({ id: event.subject, version: sent.version, ...expected });
    });

    it.each(customerMessages.map((message) => [message.type, message] as const))(
      'reads what accounts publishes today: %s',
      (_type, message) => {
        expect(readCustomerChange(message)).toMatchObject({ id: 'c-1', version: Number(message.sequence) });
      },
    );

    it('keeps nothing of the cards', () => {
      expect(JSON.stringify(customerMessages.map((message) => readCustomerChange(message)))).not.toContain('1111');
    });

    it('ignores fields and types of event that it does not know', () => {
      const [message] = customerMessages as [CloudEvent<{ customer: object }>];
      const data = { customer: { ...message.data.customer, loyalty: 'gold' }, changed: [], reason: 'x' };
      expect(readCustomerChange({ ...message, data })).toEqual(readCustomerChange(message));
      expect(readCustomerChange({ ...message, type: 'accounts.customer.celebrated' })).toBeUndefined();
    });

    it.each([
      ['a future major version', { dataschema: 'urn:schema:accounts.customer.registered:v3' }, /version 3/],
      ['no customer', { data: {} }, /required property 'customer'/],
      [
        'data that is not of its version',
        { dataschema: 'urn:schema:accounts.customer.registered:v1', data: 1 },
        /version 1/,
      ],
      ['a subject that is not the customer', { subject: 'other' }, /subject/],
      ['a sequence that is not the version', { sequence: '9' }, /sequence/],
    ])('refuses %s, and says why', (_what, difference, reason) => {
      const message = { ...(customerMessages[0] as CloudEvent), ...difference };
      expect(() => readCustomerChange(message)).toThrow(reason);
    });
  });
});
