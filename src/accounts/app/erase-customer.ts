import { changeAggregate, type ExpectedVersions } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { eraseCustomer, existing } from '../domain/customer.js';
import type { Customers } from './customers.js';

export class EraseCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws CustomerNotFound, CustomerErased */
  async execute(id: string, expected: ExpectedVersions): Promise<void> {
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    await changeAggregate(this.customers, id, (record) => eraseCustomer(existing(record), circumstances), { expected });
  }
}
