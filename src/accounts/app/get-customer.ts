import type { Customer } from '../domain/customer.js';
import { CustomerNotFound } from '../domain/errors.js';
import type { Customers } from './customers.js';

export class GetCustomer {
  constructor(private readonly customers: Customers) {}

  /** @throws CustomerNotFound */
  async execute(id: string): Promise<Customer> {
    const stored = await this.customers.find(id);
    if (!stored) throw new CustomerNotFound();
    return stored.state;
  }
}
