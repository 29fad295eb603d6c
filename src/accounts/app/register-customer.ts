import { createAggregate, type Idempotency, type CommandResult } from '../../platform/index.js';
import { type CustomerInput, type CustomerRecord, registerCustomer } from '../domain/customer.js';
import type { Customers } from './customers.js';

export class RegisterCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws InvalidCustomer */
  execute(input: CustomerInput, idempotency?: Idempotency): Promise<CommandResult<CustomerRecord>> {
    return createAggregate(this.customers, (id, now) => registerCustomer(id, input, now), idempotency);
  }
}
