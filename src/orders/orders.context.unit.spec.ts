import { afterEach, describe, expect, it } from '@jest/globals';
import { openInMemory } from '../platform/testing.js';
import { GetCustomerWithOrders } from './app/get-customer-with-orders.js';
import { PlaceOrder } from './app/place-order.js';
import { CUSTOMERS, type Customers } from './app/ports.js';
import { UnknownCustomer } from './domain/errors.js';
import { OrdersController } from './http/orders.controller.js';
import { orders } from './orders.context.js';

const items = [{ product: { id: 'p', title: 't', price: { amount: '1', currency: 'USD' } }, quantity: 1 }];
const ada = {
  id: 'c-1',
  version: 7,
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
/** Returns Ada for every id. */
const onlyAda: Customers = {
  apply: () => Promise.resolve(),
  find: (id) => Promise.resolve({ id, version: ada.version, state: ada }),
  findAtLeast: (id) => Promise.resolve({ id, version: ada.version, state: ada }),
};

describe('orders over a database', () => {
  let opened: Awaited<ReturnType<typeof openInMemory>>;
  afterEach(() => opened.close());

  it('lets a test replace one port and keeps the real ones otherwise', async () => {
    opened = await openInMemory(orders);
    const { container } = opened;
    await expect(container.get(PlaceOrder).execute({ customerId: 'c-1', items }, 0)).rejects.toThrow(UnknownCustomer);

    container.rebind(CUSTOMERS).toConstantValue(onlyAda);
    const { state } = await container.get(PlaceOrder).execute({ customerId: 'c-1', items }, 0);
    const query = { customerId: 'c-1', waitSeconds: 0, limit: 10 };
    const { customerVersion, orders: placed } = await container.get(GetCustomerWithOrders).execute(query);
    expect([customerVersion, placed.items]).toEqual([7, [state]]);
  });

  it('makes a controller for each request, because a controller keeps the headers of one response', async () => {
    opened = await openInMemory(orders);
    const { container } = opened;
    expect(container.get(OrdersController)).not.toBe(container.get(OrdersController));
  });
});
