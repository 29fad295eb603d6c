import { changeExisting, type ExpectedVersions } from '../../platform/index.js';
import { changeCustomer, type Customer, type CustomerInput, existing } from '../domain/customer.js';
import { CustomerNotFound } from '../domain/errors.js';
import type { Customers } from './customers.js';

export class ChangeCustomer {
  constructor(private readonly customers: Customers) {}

  /**
   * @param stated returns the new content, given the current customer
   * @throws CustomerNotFound, CustomerErased, InvalidCustomer
   */
  async execute(
    id: string,
    stated: (customer: Customer) => CustomerInput,
    expected: ExpectedVersions,
  ): Promise<Customer> {
    const { state } = await changeExisting(
      this.customers,
      id,
      () => new CustomerNotFound(),
      (record, now) => {
        const customer = existing(record);
        return changeCustomer(customer, stated(customer), now);
      },
      { expected },
    );
    return existing(state);
  }
}
