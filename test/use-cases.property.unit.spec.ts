import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChangeCustomer } from '../src/accounts/app/change-customer.js';
import { EraseCustomer } from '../src/accounts/app/erase-customer.js';
import { RegisterCustomer } from '../src/accounts/app/register-customer.js';
import { type CustomerInput, type CustomerRecord, statedBy } from '../src/accounts/domain/customer.js';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import { CancelOrder } from '../src/orders/app/cancel-order.js';
import { CopyCustomerOnCustomerChanged } from '../src/orders/app/copy-customer-on-customer-changed.js';
import { PlaceOrder } from '../src/orders/app/place-order.js';
import { RedactOrdersOnCustomerErased } from '../src/orders/app/redact-orders-on-customer-erased.js';
import { ShipOrder } from '../src/orders/app/ship-order.js';
import type { Order } from '../src/orders/domain/order.js';
import { readCustomerChange } from '../src/orders/messages/customer-changes.js';
import { accounts as accountsContext } from '../src/accounts/accounts.context.js';
import type {
  Aggregate,
  Aggregates,
  Outbox,
  PendingEvent,
  StoredAggregate,
} from '../src/platform/aggregate/aggregates.js';
import { eventOf } from '../src/platform/aggregate/pending-event.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { isCodedError } from '../src/platform/tools/errors.js';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { leaseUntil } from '../src/platform/log/lease.js';
import type { CloudEvent } from '../src/platform/event/cloud-event.js';
import { ownEventsOf } from '../src/platform/views/read-own-events.js';
import { applyRecords } from '../src/platform/consuming/apply-records.js';
import type { Subscription } from '../src/platform/consuming/subscription.js';
import { customerInput, items } from './support/arbitraries.js';
import { pendingOf } from '../src/platform/testing/item-stores.js';
import { portsOfAccounts, portsOfOrders } from './support/ports.js';

const RUNS = { numRuns: 25 };

/** Both contexts over stores of their own; nothing is published unless a test does it. */
function contexts(accountsDatabase: EmbeddedDatabase, ordersDatabase: EmbeddedDatabase) {
  const accounts = portsOfAccounts(accountsDatabase);
  const orders = portsOfOrders(ordersDatabase);
  const [recording] = accountsContext.open(accountsDatabase).subscriptions;
  return {
    accounts,
    orders,
    register: new RegisterCustomer(accounts.customers),
    change: new ChangeCustomer(accounts.customers),
    erase: new EraseCustomer(accounts.customers),
    place: new PlaceOrder(orders.orders, orders.customers),
    ship: new ShipOrder(orders.orders, orders.customers),
    cancel: new CancelOrder(orders.orders, orders.customers),
    copy: new CopyCustomerOnCustomerChanged(orders.customers),
    redact: new RedactOrdersOnCustomerErased(orders.orders, orders.orderList),
    record: recording as Subscription,
  };
}

/** A refusal is an outcome; anything else that is thrown is a bug. */
async function settle(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isCodedError(error) || error.kind === 'unavailable') throw error;
  });
}

async function expectChain<State extends Aggregate>(
  store: Pick<Aggregates<State>, 'find'>,
  id: string,
  member: string,
): Promise<CloudEvent[]> {
  const { state } = (await store.find(id)) as StoredAggregate<State>;
  const pending = await pendingOf(store as unknown as Outbox, id);
  expect(pending.map(({ version }) => version)).toEqual(pending.map((_, index) => index + 1));
  expect(state.version).toBe(pending.length);
  const events = pending.map(eventOf);
  for (const [index, event] of events.entries()) {
    const { version, time } = pending[index] as PendingEvent;
    expect(event).toMatchObject({ sequence: String(version), subject: state.id, time });
    expect((event.data as Record<string, unknown>)[member]).toMatchObject({ version, updatedAt: time });
  }
  const times = events.map(({ time }) => time);
  expect(times).toEqual([...times].sort());
  expect((events.at(-1)?.data as Record<string, unknown>)[member]).toEqual(state);
  return events;
}

const asRead = (event: CloudEvent) => JSON.parse(JSON.stringify(event)) as CloudEvent;
const alone = leaseUntil(new AbortController().signal);

function recordOf(event: CloudEvent, offset: number): LoggedRecord {
  const [key, value] = [Buffer.from(event.subject), Buffer.from(JSON.stringify(event))];
  return { topic: customerEvents.topic, partition: 0, offset, key, value, headers: {} };
}

const readForOrders = (events: readonly CloudEvent[]) =>
  events.map((event) => readCustomerChange(asRead(event))).filter((each) => each !== undefined);

describe('the use cases, over a store', () => {
  let databases: [EmbeddedDatabase, EmbeddedDatabase];
  let all: ReturnType<typeof contexts>;
  beforeAll(async () => {
    databases = [await openEmbeddedDatabase('memory'), await openEmbeddedDatabase('memory')];
    all = contexts(...databases);
  });
  afterAll(() => Promise.all(databases.map((database) => database.close())));

  type Command = (id: string) => Promise<unknown>;
  const customerCommand: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 5,
      arbitrary: customerInput.map((input) => (id: string) => all.change.execute(id, () => input, undefined)),
    },
    {
      weight: 5,
      arbitrary: fc.string({ minLength: 1 }).map((title) => (id: string) => {
        const stated: Parameters<ChangeCustomer['execute']>[1] = (customer) => {
          const { name, ...rest } = statedBy(customer);
          return { ...rest, name: { ...name, title } };
        };
        return all.change.execute(id, stated, undefined);
      }),
    },
    { weight: 1, arbitrary: fc.constant((id: string) => all.erase.execute(id, undefined)) },
  );
  const orderCommand: fc.Arbitrary<Command> = fc.oneof(
    fc.constant((id: string) => all.ship.execute(id, {})),
    fc.constant((id: string) => all.cancel.execute(id, 'r', {})),
  );
  /** Commands in rows: those of one row are carried out at once. */
  const rowsOf = (command: fc.Arbitrary<Command>) =>
    fc.array(fc.array(command, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
  const carryOut = async (id: string, rows: readonly (readonly Command[])[]) => {
    for (const row of rows) await Promise.all(row.map((command) => settle(command(id))));
  };
  const register = async (input: CustomerInput) => (await all.register.execute(input)).state.id;

  it('record every change of a customer once, in order and whole, however many come at once', async () => {
    await fc.assert(
      fc.asyncProperty(customerInput, rowsOf(customerCommand), async (input, rows) => {
        const id = await register(input);
        await carryOut(id, rows);
        await expectChain(all.accounts.customers, id, 'customer');
      }),
      RUNS,
    );
  });

  it('record every change of an order once, in order and whole, the erasure of its customer included', async () => {
    await fc.assert(
      fc.asyncProperty(customerInput, items, rowsOf(orderCommand), fc.boolean(), async (input, lines, rows, erases) => {
        const customerId = await register(input);
        const chain = await expectChain(all.accounts.customers, customerId, 'customer');
        await all.copy.execute(readForOrders(chain));
        const { id } = (await all.place.execute({ customerId, items: lines }, 0)).state;
        const erase = async () => {
          const erased = { id: customerId, version: 2, erased: true as const };
          const alive = { heartbeat: () => Promise.resolve() };
          await all.copy.execute([erased]);
          await all.redact.execute(erased, alive);
          await all.redact.execute(erased, alive);
        };
        await Promise.all([carryOut(id, rows), erases ? erase() : undefined]);
        const stored = (await all.orders.orders.find(id)) as StoredAggregate<Order>;
        await expectChain(all.orders.orders, id, 'order');
        if (!erases) return;
        expect(stored.state.redactedAt).toBeDefined();
        expect(JSON.stringify([stored.state, stored.commands])).not.toMatch(/shipTo|cancelReason/);
      }),
      RUNS,
    );
  });

  it('lead to one copy in orders, however often and in whatever order the events come', async () => {
    const deliveries = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(customerInput, rowsOf(customerCommand), deliveries, async (input, rows, batches) => {
        const id = await register(input);
        await carryOut(id, rows);
        const events = await expectChain(all.accounts.customers, id, 'customer');
        const pick = (numbers: readonly number[]) =>
          numbers.map((number) => events[number % events.length] as CloudEvent);
        const delivered = batches.map(pick);
        const seen = delivered.flat().map(({ sequence }) => Number(sequence));
        await Promise.all(delivered.map((batch) => all.copy.execute(readForOrders(batch))));
        expect((await all.orders.customers.find(id))?.version).toBe(seen.length > 0 ? Math.max(...seen) : undefined);
        await all.copy.execute(readForOrders([...events].reverse()));
        await all.copy.execute(readForOrders(delivered.flat()));
        const [newest] = readForOrders(events.slice(-1));
        expect(await all.orders.customers.find(id)).toEqual({ id, version: events.length, state: newest });
      }),
      RUNS,
    );
  });

  it('lead to one history, wherever the log is read again from, and to none of the person after an erasure', async () => {
    const rereads = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(customerInput, rowsOf(customerCommand), rereads, async (input, rows, ranges) => {
        const id = await register(input);
        await carryOut(id, rows);
        const chain = await expectChain(all.accounts.customers, id, 'customer');
        const logged = chain.map((event, offset) => recordOf(event, offset));
        const record = (records: readonly LoggedRecord[]) => applyRecords(all.record, records, alone);
        // A consumer that starts again begins at or before where it was: what is new comes after all before it.
        let end = 0;
        for (const [back, forth] of ranges) {
          const from = Math.max(0, end - (back % (logged.length + 1)));
          const to = Math.min(logged.length, from + 1 + (forth % logged.length));
          await record(logged.slice(from, to));
          // Another place in the log: a duplicate that the relay published.
          await record(logged.slice(from, to).map((each) => ({ ...each, offset: each.offset + 100 })));
          end = Math.max(end, to);
        }
        await record(logged.slice(end));
        await record(logged);
        const { entry: read } = ownEventsOf<CustomerRecord>(customerEvents);
        const entries = chain.map((event, offset) => read(asRead(event), recordOf(event, offset))!);
        const last = entries.at(-1)?.state;
        const isErased = last !== undefined && 'erased' in last;
        const expected = entries.map(({ state, ...rest }) => (isErased && state !== last ? rest : { ...rest, state }));
        expect(await all.accounts.history.page(id, 0, 1_000)).toEqual(expected);
      }),
      RUNS,
    );
  });
});
