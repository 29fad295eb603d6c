import type { HistoryEntry } from '../../platform/history/history.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { CustomerHistory } from './customers.js';

/** Keeps the audit of customers as the log states it, and takes the person out of it on erasure. */
export class RecordHistoryOnCustomerChange {
  constructor(private readonly history: CustomerHistory) {}

  async execute(entries: readonly HistoryEntry<CustomerRecord>[]): Promise<void> {
    await this.history.append(entries);
    for (const { id, version, state } of entries) {
      if (state && 'erased' in state) await this.history.forget(id, version);
    }
  }
}
