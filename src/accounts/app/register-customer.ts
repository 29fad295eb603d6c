import { createAggregate, type Outcome } from '../../platform/aggregate/change-aggregate.js';
import type { Idempotency } from '../../platform/aggregate/idempotency.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { type CustomerInput, type CustomerRecord, registerCustomer } from '../domain/customer.js';
import type { Customers } from './customers.js';

export class RegisterCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws InvalidCustomer */
  execute(input: CustomerInput, idempotency?: Idempotency): Promise<Outcome<CustomerRecord>> {
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    return createAggregate(this.customers, (id) => registerCustomer(id, input, circumstances), idempotency);
  }
}
