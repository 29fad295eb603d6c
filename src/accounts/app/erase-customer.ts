import { changeAggregate, type ExpectedVersions } from '../../platform/index.js';
import { eraseCustomer, existing } from '../domain/customer.js';
import type { Customers } from './customers.js';

export class EraseCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws CustomerNotFound, CustomerErased */
  async execute(id: string, expected: ExpectedVersions): Promise<void> {
    await changeAggregate(this.customers, id, (record, now) => eraseCustomer(existing(record), now), { expected });
  }
}
