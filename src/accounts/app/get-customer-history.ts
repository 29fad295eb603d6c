import type { HistoryEntry } from '../../platform/history/history.js';
import { waitForHistory } from '../../platform/history/wait-for-history.js';
import { CustomerNotFound } from '../domain/errors.js';
import type { CustomerHistory, Customers } from './customers.js';

/** Every recorded change of a customer; of an erased one, too, for the chain names no person. */
export class GetCustomerHistory {
  constructor(
    private readonly customers: Customers,
    private readonly history: CustomerHistory,
  ) {}

  /**
   * @param after version after which to begin; 0 for the first
   * @throws CustomerNotFound
   */
  async execute(id: string, after: number, limit: number): Promise<readonly HistoryEntry[]> {
    const stored = await this.customers.find(id);
    if (!stored) throw new CustomerNotFound();
    await waitForHistory(this.history, id, Math.min(stored.state.version, after + limit));
    return this.history.page(id, after, limit);
  }
}
