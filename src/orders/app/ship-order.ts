import { changeAggregate, type ExpectedVersions } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { OrderNotFound, UnknownCustomer } from '../domain/errors.js';
import { type Order, shipOrder } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';

export class ShipOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
  ) {}

  /** @throws OrderNotFound, UnknownCustomer, WrongStatus, NoShippingAddress */
  execute(id: string, expected: ExpectedVersions): Promise<Order> {
    return changeAggregate(
      this.orders,
      id,
      async (order) => {
        if (!order) throw new OrderNotFound();
        const copy = await this.customers.find(order.customerId);
        if (!copy) throw new UnknownCustomer();
        return shipOrder(order, copy.state, { now: new Date().toISOString(), compare: changedPointers });
      },
      expected,
    );
  }
}
