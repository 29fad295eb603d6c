import type { CustomerRecord } from '../domain/customer.js';
import type { Customers } from './ports.js';

/** Keeps orders' own copy of the customers up to date. It writes to that copy only, never to an order. */
export class CopyCustomerOnCustomerChanged {
  constructor(private readonly customers: Customers) {}

  async execute(customers: readonly CustomerRecord[]): Promise<void> {
    await this.customers.apply(
      customers.map((customer) => ({ id: customer.id, version: customer.version, state: customer })),
    );
  }
}
