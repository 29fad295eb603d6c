import type { HistoryEntry } from '../../platform/history/history.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { CustomerHistory } from './customers.js';

/** Keeps the audit of customers as the log states it, and takes the person out of it on erasure. */
export class RecordHistoryOnCustomerChange {
  constructor(private readonly history: CustomerHistory) {}

  async execute(entries: readonly HistoryEntry<CustomerRecord>[]): Promise<void> {
    await this.history.append(entries);
    const erasures = entries.filter(({ state }) => state && 'erased' in state);
    await Promise.all(erasures.map(({ id, version }) => this.history.forget(id, version)));
  }
}
