import { changeAggregate, type Conditions, type Outcome } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { OrderNotFound } from '../domain/errors.js';
import { cancelOrder, type Order } from '../domain/order.js';
import type { Orders } from './ports.js';

export class CancelOrder {
  constructor(private readonly orders: Orders) {}

  /** @throws OrderNotFound, WrongStatus */
  execute(id: string, reason: string | undefined, conditions: Conditions): Promise<Outcome<Order>> {
    return changeAggregate(
      this.orders,
      id,
      (order) => {
        if (!order) throw new OrderNotFound();
        return cancelOrder(order, reason, { now: new Date().toISOString(), compare: changedPointers });
      },
      conditions,
    );
  }
}
