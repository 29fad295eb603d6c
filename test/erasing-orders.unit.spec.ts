import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CancelOrder } from '../src/orders/app/cancel-order.js';
import { CopyCustomerOnCustomerChanged } from '../src/orders/app/copy-customer-on-customer-changed.js';
import { PlaceOrder } from '../src/orders/app/place-order.js';
import { RedactOrdersOnCustomerErased } from '../src/orders/app/redact-orders-on-customer-erased.js';
import { ShipOrder } from '../src/orders/app/ship-order.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { isCodedError } from '../src/platform/tools/errors.js';
import type { ListQuery } from '../src/platform/views/listing.js';
import { customerNamed } from './support/customers.js';
import { portsOfOrders } from './support/ports.js';
import { inSteps, interleave, interleavings } from './support/interleave.js';

const items = [{ product: { id: 'p', title: 't', price: { amount: '1', currency: 'USD' } }, quantity: 1 }];
const alive = { heartbeat: () => Promise.resolve() };

describe('the erasure of a customer', () => {
  let database: EmbeddedDatabase;
  let adapters: ReturnType<typeof portsOfOrders>;
  beforeAll(async () => {
    database = await openEmbeddedDatabase('memory');
    adapters = portsOfOrders(database);
  });
  afterAll(() => database.close());

  async function knownCustomer(): Promise<string> {
    const customer = customerNamed('Ada');
    await adapters.customers.apply([{ id: customer.id, version: 1, state: customer }]);
    return customer.id;
  }

  const place = (customerId: string, ports: Pick<typeof adapters, 'orders' | 'customers'> = adapters) =>
    new PlaceOrder(ports.orders, ports.customers).execute({ customerId, items }, 0);

  describe.each(['cancelled', 'shipped'] as const)('while an order is placed and then %s', (fate) => {
    // Placing takes two steps, finishing three; copying one, redacting three. One more of each is a race lost and run again.
    const all = interleavings(5, 4);

    it(`leaves nothing of the person in the order, in any of ${all.length} interleavings`, async () => {
      for (const order of all) {
        const customerId = await knownCustomer();
        let id = '';
        await interleave(order, [
          async (turn) => {
            const orders = inSteps(adapters.orders, turn);
            const customers = inSteps(adapters.customers, turn);
            try {
              id = (await place(customerId, { ...adapters, orders, customers })).state.id;
              if (fate === 'cancelled') await new CancelOrder(orders, customers).execute(id, 'Ada moved away', {});
              else await new ShipOrder(orders, customers).execute(id, {});
            } catch (error) {
              if (!isCodedError(error)) throw error;
            }
          },
          async (turn) => {
            const erased = { id: customerId, version: 2, erased: true as const };
            await new CopyCustomerOnCustomerChanged(inSteps(adapters.customers, turn)).execute([erased]);
            const { orders, orderList } = adapters;
            await new RedactOrdersOnCustomerErased(inSteps(orders, turn), inSteps(orderList, turn)).execute(
              erased,
              alive,
            );
          },
        ]);
        const stored = id === '' ? undefined : await adapters.orders.find(id);
        const left = { order: order.join(''), ...stored?.state };
        expect(left).not.toHaveProperty('cancelReason');
        expect(left).not.toHaveProperty('shipTo');
      }
    });
  });

  it('leaves the reason of a cancellation to a customer who is not erased', async () => {
    const { id } = (await place(await knownCustomer())).state;
    const { state } = await new CancelOrder(adapters.orders, adapters.customers).execute(id, 'too late', {});
    expect(state).toMatchObject({ status: 'CANCELLED', cancelReason: 'too late' });
  });

  it('goes on where it ended when its partition was taken away, and lists no order twice', async () => {
    const customerId = await knownCustomer();
    const placed = await Promise.all(Array.from({ length: 1_100 }, () => place(customerId)));
    const listed: string[] = [];
    const orderList = {
      page: async (query: ListQuery) => {
        const page = await adapters.orderList.page(query);
        listed.push(...page.items.map(({ id }) => id));
        return page;
      },
    };
    const redact = new RedactOrdersOnCustomerErased(adapters.orders, orderList);
    const erased = { id: customerId, version: 2, erased: true as const };
    const lost = new Error('the partition is lost');
    const takenAfter = (steps: number) => ({
      heartbeat: () => (steps-- > 0 ? Promise.resolve() : Promise.reject(lost)),
    });

    await expect(redact.execute(erased, takenAfter(500))).rejects.toBe(lost);
    expect(listed.length).toBeLessThan(placed.length);
    await expect(redact.execute(erased, takenAfter(500))).rejects.toBe(lost);
    await redact.execute(erased, alive);

    expect(listed.sort()).toEqual(placed.map(({ state }) => state.id).sort());
    const stored = await Promise.all(placed.map(({ state }) => adapters.orders.find(state.id)));
    expect(new Set(stored.map((each) => each?.state.version))).toEqual(new Set([2]));
  });
});
