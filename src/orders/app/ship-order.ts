import { changeAggregate, type Conditions, type CommandResult } from '../../platform/index.js';
import { OrderNotFound, UnknownCustomer } from '../domain/errors.js';
import { type Order, shipOrder } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';

export class ShipOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
  ) {}

  /** @throws OrderNotFound, UnknownCustomer, WrongStatus, NoShippingAddress */
  execute(id: string, conditions: Conditions): Promise<CommandResult<Order>> {
    return changeAggregate(
      this.orders,
      id,
      async (order, now) => {
        if (!order) throw new OrderNotFound();
        // Read after the order: an erasure in between redacts the order, so this attempt fails its version check.
        const copy = await this.customers.find(order.customerId);
        if (!copy) throw new UnknownCustomer();
        return shipOrder(order, copy.state, now);
      },
      conditions,
    );
  }
}
