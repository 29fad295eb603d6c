import { changeAggregate, type Conditions, type Outcome } from '../../platform/index.js';
import { OrderNotFound, UnknownCustomer } from '../domain/errors.js';
import { cancelOrder, type Order } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';

export class CancelOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
  ) {}

  /**
   * @param reason is kept unless the customer is erased
   * @throws OrderNotFound, UnknownCustomer, WrongStatus
   */
  execute(id: string, reason: string | undefined, conditions: Conditions): Promise<Outcome<Order>> {
    return changeAggregate(
      this.orders,
      id,
      async (order, now) => {
        if (!order) throw new OrderNotFound();
        // Looked up after the order, as for a shipment: an erasure in between gives the order a new version, and this try
        // loses; an order that was placed too late to be redacted has a customer who is erased by now.
        const isKept = reason !== undefined && !(await this.isErased(order.customerId));
        return cancelOrder(order, isKept ? reason : undefined, now);
      },
      conditions,
    );
  }

  private async isErased(customerId: string): Promise<boolean> {
    const copy = await this.customers.find(customerId);
    if (!copy) throw new UnknownCustomer();
    return 'erased' in copy.state;
  }
}
