import { beforeAll, describe, expect, it } from '@jest/globals';
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
import { hashOf } from '../src/platform/event/hash-chain.js';
import type { DataKey } from '../src/platform/privacy/data-key.js';
import { toChain } from '../src/platform/testing/cloud-events.js';
import { sealedPointersOf } from '../src/platform/testing/sealed-pointers.js';
import { GOLDEN_KEY, GOLDEN_PERSON, openGolden } from './support/golden-key.js';
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

const registered = registerCustomer(GOLDEN_PERSON, ada, NOW);
const changed = changeCustomer(registered.state, { ...ada, addresses: [], creditCards: [] }, NOW);
const erased = eraseCustomer(registered.state, NOW);
const customerChanges = [[registered], [registered, changed], [registered, erased]];

const customer = readCustomerChange(toChain(customerEvents, [registered])[0]!);
const items = [{ product: { id: 'p', title: 't', price: { amount: '0.1', currency: 'USD' } }, quantity: 3 }];
const placed = placeOrder('o-1', customer as never, items, NOW);
const shipped = shipOrder(placed.state, customer as never, NOW);
const cancelled = cancelOrder(placed.state, 'ordered twice', NOW);
const redacted = redactOrder(shipped.state, NOW)!;
const orderChanges = [[placed], [placed, shipped], [placed, cancelled], [placed, shipped, redacted]];

/** The event of the last of an aggregate's changes: with the customer's key, and with PERSONAL_DATA=clear. */
function published(stream: EventStream, changes: readonly Change[]): CloudEvent[] {
  return [GOLDEN_KEY, undefined].map((key?: DataKey) => toChain(stream, changes, key).at(-1)!);
}

const customerMessages = customerChanges.flatMap((changes) => published(customerEvents, changes));
const orderMessages = orderChanges.flatMap((changes) => published(orderEvents, changes));

/** What the code of a context publishes today: of every type at least one. Of a context without, its golden samples. */
const PUBLISHED: Readonly<Record<string, readonly CloudEvent[]>> = {
  ...Object.fromEntries(CONTEXTS.map(({ name }) => [name, goldenSamples(name).map(({ event }) => event)])),
  accounts: customerMessages,
  orders: orderMessages,
};

const PRODUCERS = CONTEXTS.flatMap(({ name, events }) =>
  events.publishes.map((stream) => ({ context: name, topic: stream.topic, stream })),
);

function isSealed({ data }: CloudEvent): boolean {
  return Object.hasOwn(data as object, 'sealed');
}

/** An event in the words of a test's name. */
function named(event: CloudEvent): [string, CloudEvent] {
  return [`${event.type}${isSealed(event) ? ', sealed,' : ''}`, event];
}

/** The personal members that are there in an event's data, without their pointers' common part. */
function personalMembersIn(stream: EventStream, { dataschema, data }: CloudEvent): [string, unknown][] {
  const state = (data as Readonly<Record<string, object>>)[stream.member] ?? {};
  const personal = sealedPointersOf(stream.schemas, dataschema);
  return Object.entries(state).filter(([name]) => personal.includes(`/${stream.member}/${name}`));
}

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

    it.each(messages.map(named))('%s fits its schema', (_type, message) => {
      const validate = schemaOf(message.dataschema);
      validate(message.data);
      expect(validate.errors).toBeNull();
    });

    it('is seen to publish each type that has personal data both sealed and in clear text', () => {
      const withPersonalData = messages.filter(
        (message) => isSealed(message) || personalMembersIn(stream, message).length > 0,
      );
      const forms = withPersonalData.map((message) => `${message.type} ${isSealed(message)}`);
      const personal = types.filter(({ type }) => withPersonalData.some((each) => each.type === type));
      expect(personal.length > 0).toBe(stream.keys !== undefined);
      expect([...new Set(forms)].sort()).toEqual(
        personal.flatMap(({ type }) => [`${type} false`, `${type} true`]).sort(),
      );
    });

    it('publishes no sealed event with a personal member beside it, and the schema refuses one', async () => {
      const all = [...messages, ...goldenSamples(context).map(({ event }) => event)];
      const sealed = all.filter((event) => event.type.startsWith(`${stream.typePrefix}.`) && isSealed(event));
      expect(sealed.length > 0).toBe(stream.keys !== undefined);
      for (const event of sealed) {
        expect(personalMembersIn(stream, event)).toEqual([]);
        const opened = await openGolden(event);
        const personal = personalMembersIn(stream, opened);
        expect(personal).not.toEqual([]);
        for (const [name, value] of personal) {
          const data = event.data as Readonly<Record<string, object>>;
          const leaky = { ...data, [stream.member]: { ...data[stream.member], [name]: value } };
          expect(schemaOf(event.dataschema)(event.data)).toBe(true);
          expect([name, schemaOf(event.dataschema)(leaky)]).toEqual([name, false]);
        }
      }
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

      it.each(samples.map(({ file, event }) => [file, event] as const))(
        'has in %s the hash of an event',
        (_, event) => {
          const { hash, ...hashed } = event;
          // Events are hashed since version 2 of a customer, and version 2 of an order.
          expect(hash ?? 'none').toBe(event.dataschema.endsWith(':v1') && hash === undefined ? 'none' : hashOf(hashed));
        },
      );

      it('opens with the key of its person, and is then as it would be in clear text', async () => {
        for (const { event } of samples) {
          const validate = schemaOf(dataschema);
          validate((await openGolden(event)).data);
          expect(validate.errors).toBeNull();
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
    it.each(goldenSamples('accounts').map(({ file, event }) => [file, event] as const))(
      'reads %s',
      async (_, sample) => {
        const event = await openGolden<{ customer: { version: number; addresses?: object[] } }>(sample);
        const { customer: sent } = event.data;
        const addresses = sent.addresses?.map((address) => ({ country: 'US', ...address }));
        const expected = addresses ? { addresses } : { erased: true };
        expect(readCustomerChange(event)).toMatchObject({ id: event.subject, version: sent.version, ...expected });
      },
    );

    let opened: readonly CloudEvent[];
    beforeAll(async () => {
      opened = await Promise.all(customerMessages.map((message) => openGolden(message)));
    });

    it('reads what accounts publishes today, sealed or not', () => {
      expect(opened).toHaveLength(customerMessages.length);
      for (const message of opened) {
        expect(readCustomerChange(message)).toMatchObject({ id: GOLDEN_PERSON, version: Number(message.sequence) });
      }
    });

    it('knows nothing of a customer whose events nobody can open', () => {
      const forgotten = customerMessages.filter(isSealed).map((event) => ({ ...event, forgotten: true as const }));
      expect(forgotten.map((event) => readCustomerChange(event))).toEqual([undefined, undefined]);
    });

    it('keeps nothing of the cards', () => {
      expect(JSON.stringify(opened)).toContain('"last4":"1111"');
      expect(JSON.stringify(opened.map((message) => readCustomerChange(message)))).not.toContain('last4');
    });

    it('ignores fields and types of event that it does not know', () => {
      const [message] = opened as [CloudEvent<{ customer: object }>];
      const data = { customer: { ...message.data.customer, loyalty: 'gold' }, changed: [], reason: 'x' };
      expect(readCustomerChange({ ...message, data })).toEqual(readCustomerChange(message));
      expect(readCustomerChange({ ...message, type: 'accounts.customer.celebrated' })).toBeUndefined();
    });

    it.each([
      ['a future major version', { dataschema: 'urn:schema:accounts.customer.registered:v4' }, /version 4/],
      ['no customer', { data: {} }, /required property 'customer'/],
      [
        'data that is not of its version',
        { dataschema: 'urn:schema:accounts.customer.registered:v1', data: 1 },
        /version 1/,
      ],
      ['a subject that is not the customer', { subject: 'other' }, /subject/],
      ['a sequence that is not the version', { sequence: '9' }, /sequence/],
    ])('refuses %s, and says why', (_what, difference, reason) => {
      const message = { ...opened[0]!, ...difference };
      expect(() => readCustomerChange(message)).toThrow(reason);
    });
  });
});
