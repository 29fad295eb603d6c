import type { Order } from '../domain/order.js';
import type { Orders } from './ports.js';
import { visibleOrder } from './visible-order.js';

export class GetOrder {
  constructor(private readonly orders: Orders) {}

  /**
   * @param onlyFor the customer to whom the query is restricted, if it is
   * @throws OrderNotFound
   */
  async execute(id: string, onlyFor?: string): Promise<Order> {
    return visibleOrder((await this.orders.find(id))?.state, onlyFor);
  }
}
