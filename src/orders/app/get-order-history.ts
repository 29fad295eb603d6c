import type { HistoryEntry } from '../../platform/history/history.js';
import { waitForHistory } from '../../platform/history/wait-for-history.js';
import { OrderNotFound } from '../domain/errors.js';
import type { OrderHistory, Orders } from './ports.js';

/** Every recorded change of an order. */
export class GetOrderHistory {
  constructor(
    private readonly orders: Orders,
    private readonly history: OrderHistory,
  ) {}

  /**
   * @param after version after which to begin; 0 for the first
   * @throws OrderNotFound
   */
  async execute(id: string, after: number, limit: number): Promise<readonly HistoryEntry[]> {
    const stored = await this.orders.find(id);
    if (!stored) throw new OrderNotFound();
    await waitForHistory(this.history, id, Math.min(stored.state.version, after + limit));
    return this.history.page(id, after, limit);
  }
}
