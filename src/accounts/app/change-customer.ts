import type { ExpectedVersions } from '../../platform/aggregate/change-aggregate.js';
import { changeAggregate } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import { changeCustomer, type Customer, type CustomerInput } from '../domain/customer.js';
import { CustomerNotFound } from '../domain/errors.js';
import type { Customers } from './customers.js';

export class ChangeCustomer {
  constructor(private readonly customers: Customers) {}

  /**
   * @param state says what the customer is to be, given what it is.
   * @throws CustomerNotFound, InvalidCustomer
   */
  execute(id: string, state: (customer: Customer) => CustomerInput, expected: ExpectedVersions): Promise<Customer> {
    return changeAggregate(
      this.customers,
      id,
      (customer) => {
        if (!customer) throw new CustomerNotFound();
        const circumstances = { now: new Date().toISOString(), compare: changedPointers };
        return changeCustomer(customer, state(customer), circumstances);
      },
      expected,
    );
  }
}
