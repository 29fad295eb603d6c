import { OrderNotFound } from '../domain/errors.js';
import type { Order } from '../domain/order.js';
import type { Orders } from './ports.js';

export class GetOrder {
  constructor(private readonly orders: Orders) {}

  /** @throws OrderNotFound */
  async execute(id: string): Promise<Order> {
    const stored = await this.orders.find(id);
    if (!stored) throw new OrderNotFound();
    return stored.state;
  }
}
