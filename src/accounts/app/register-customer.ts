import { v7 as uuidv7 } from 'uuid';
import { changeAggregate } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { type Customer, type CustomerInput, registerCustomer } from '../domain/customer.js';
import type { Customers } from './customers.js';

export class RegisterCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws InvalidCustomer */
  execute(input: CustomerInput): Promise<Customer> {
    // Version 7: ids that begin with the time keep the index on them dense.
    const id = uuidv7();
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    return changeAggregate(this.customers, id, () => registerCustomer(id, input, circumstances));
  }
}
