import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accounts } from '../src/accounts/accounts.context.js';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import {
  cancelOrder,
  type Order,
  type OrderChange,
  placeOrder,
  redactOrder,
  shipOrder,
} from '../src/orders/domain/order.js';
import { orderEvents } from '../src/orders/messages/order-events.js';
import { orders } from '../src/orders/orders.context.js';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { leaseUntil } from '../src/platform/log/lease.js';
import type { Database } from '../src/platform/context/database.js';
import type { CloudEvent } from '../src/platform/event/cloud-event.js';
import type { AuditedDocument } from '../src/platform/rebuilding/auditable.js';
import type { Replayable } from '../src/platform/rebuilding/replayable.js';
import { applyRecords } from '../src/platform/consuming/apply-records.js';
import { toChain } from '../src/platform/testing/cloud-events.js';
import { customerNamed } from './support/customers.js';
import { historyOf } from './support/log-world.js';

const contexts = { accounts, orders };
const NOW = '2026-01-01T00:00:00.000Z';

/** Opens an empty database, as so many processes see it as the technology lets use it at once. */
type OpenDatabases = () => Promise<{ readonly processes: readonly Database[]; close(): Promise<void> }>;

/** What is true of every projection there is: what it comes to does not depend on how its records arrive. */
export function arrivalOrderContract(open: OpenDatabases, runs: number): void {
  it.each(Object.keys(contexts) as (keyof typeof contexts)[])(
    'all that %s makes of the log is the same in any order, with any repetition, in any portions',
    async (name) => {
      const deliveries = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(lives, deliveries, fc.infiniteStream(fc.nat()), async (people, batches, numbers) => {
          const log = logOf(people);
          const next = () => numbers.next().value as number;
          const inOrder = await comeTo(open, name, [log]);
          const rest = shuffled(log, next);
          const some = batches.map((batch) => batch.map((number) => log[number % log.length] as LoggedRecord));
          const portions = [...some, ...rest.map((record) => [record])];
          expect(await comeTo(open, name, portions)).toEqual(inOrder);
          expect(await comeTo(open, name, [[...log].reverse(), ...some])).toEqual(inOrder);
        }),
        { numRuns: runs },
      );
    },
  );
}

/** Customers, each with so many changes, erased or not, and what became of one order of each. */
const lives = fc.array(
  fc.record({
    changes: fc.nat({ max: 3 }),
    erased: fc.boolean(),
    fate: fc.constantFrom('placed' as const, 'shipped' as const, 'cancelled' as const),
  }),
  { minLength: 1, maxLength: 3 },
);
type Life = typeof lives extends fc.Arbitrary<readonly (infer Each)[]> ? Each : never;

function logOf(people: readonly Life[]): LoggedRecord[] {
  const customers = people.map(({ changes, erased }) => historyOf(randomUUID(), changes, erased));
  const placed = people.map((life) => orderOf(life));
  return [...toRecords(customerEvents.topic, customers), ...toRecords(orderEvents.topic, placed)];
}

/** The chains side by side in one partition. */
function toRecords(topic: string, chains: readonly (readonly CloudEvent[])[]): LoggedRecord[] {
  return chains.flat().map((event, offset) => ({
    topic,
    partition: 0,
    offset,
    key: Buffer.from(event.subject),
    value: Buffer.from(JSON.stringify(event)),
    headers: {},
  }));
}

function orderOf({ erased, fate }: Life): CloudEvent[] {
  const id = randomUUID();
  const customer = customerNamed('Ada');
  const price = { amount: '1', currency: 'USD' };
  const changes: OrderChange[] = [
    placeOrder(id, customer, [{ product: { id: 'p', title: 't', price }, quantity: 1 }], NOW),
  ];
  const newest = (): Order => changes.at(-1)!.state;
  if (fate === 'shipped') changes.push(shipOrder(newest(), customer, NOW));
  if (fate === 'cancelled') changes.push(cancelOrder(newest(), 'Ada moved', NOW));
  if (erased) changes.push(redactOrder(newest(), NOW)!);
  return toChain(orderEvents, changes);
}

/** Applies the portions, shared among the processes, and returns all documents of all collections. */
async function comeTo(
  open: OpenDatabases,
  name: keyof typeof contexts,
  portions: readonly (readonly LoggedRecord[])[],
): Promise<Record<string, AuditedDocument[]>> {
  const { processes, close } = await open();
  try {
    const replayables = processes.map((database) => contexts[name].open(database).replayable);
    await Promise.all(
      replayables.map(async (target, index) => {
        const share = portions.filter((_portion, at) => at % replayables.length === index);
        for (const portion of share) await apply(target, portion);
      }),
    );
    const documents: Record<string, AuditedDocument[]> = {};
    for (const each of (replayables[0] as Replayable).collections) {
      documents[each.collection] = [];
      for await (const document of each.documents()) documents[each.collection]?.push(document);
    }
    return documents;
  } finally {
    await close();
  }
}

async function apply(target: Replayable, records: readonly LoggedRecord[]): Promise<void> {
  for (const projection of target.projections) {
    const own = records.filter(({ topic }) => topic === projection.topic);
    expect(await applyRecords(projection, own, leaseUntil(new AbortController().signal))).toEqual([]);
  }
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(next() % rest.length, 1)[0] as T);
}
