import { waitForHistory } from '../../platform/index.js';
import { type Customer, type CustomerRecord, existing } from '../domain/customer.js';
import { CustomerNotFound } from '../domain/errors.js';
import type { CustomerHistory, Customers } from './customers.js';

export class GetCustomer {
  constructor(
    private readonly customers: Customers,
    private readonly history: CustomerHistory,
  ) {}

  /** @throws CustomerNotFound, CustomerErased */
  async execute(id: string): Promise<Customer> {
    return existing((await this.customers.find(id))?.state);
  }

  /** Returns the customer as of a version. @throws CustomerNotFound, CustomerErased */
  async atVersion(id: string, version: number): Promise<Customer> {
    const current = await this.execute(id);
    if (version >= current.version) return existingThen(version === current.version ? current : undefined);
    await waitForHistory(this.history, id, version);
    return existingThen((await this.history.find(id, version))?.state);
  }

  /** Returns the customer as of a time (RFC 3339, UTC). @throws CustomerNotFound, CustomerErased */
  async atTime(id: string, time: string): Promise<Customer> {
    const current = await this.execute(id);
    if (time >= current.updatedAt) return current;
    await waitForHistory(this.history, id, current.version - 1);
    return existingThen((await this.history.findAt(id, time))?.state);
  }
}

/** A customer that exists now may not have existed at that version or time. */
function existingThen(record: CustomerRecord | undefined): Customer {
  if (!record) throw new CustomerNotFound();
  return existing(record);
}
