import { changeAggregate, type Conditions, type CommandResult } from '../../platform/index.js';
import { UnknownCustomer } from '../domain/errors.js';
import { cancelOrder, type Order } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';
import { visibleOrder } from './visible-order.js';

export class CancelOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
  ) {}

  /**
   * @param reason stored unless the customer is erased
   * @param onlyFor the customer to whom the command is restricted, if it is
   * @throws OrderNotFound, UnknownCustomer, WrongStatus
   */
  execute(
    id: string,
    reason: string | undefined,
    conditions: Conditions,
    onlyFor?: string,
  ): Promise<CommandResult<Order>> {
    return changeAggregate(
      this.orders,
      id,
      async (stored, now) => {
        const order = visibleOrder(stored, onlyFor);
        // Read after the order, as in ShipOrder: an erasure in between redacts the order, so this attempt fails its
        // version check. An order that was placed too late to be redacted finds its customer erased here.
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
