import type { ListPage, ListQuery } from '../../platform/index.js';
import type { Customer } from '../domain/customer.js';
import type { CustomerList } from './customers.js';

/** Exact values; a customer must match all that are given. */
export interface CustomerFilter {
  readonly email?: string;
  readonly lastName?: string;
  readonly postalCode?: string;
}

export class ListCustomers {
  constructor(private readonly customers: CustomerList) {}

  /**
   * Returns a page of the customers that match the filter and are not erased.
   * @param onlyFor the customer to whom the list is restricted, if it is
   */
  execute(filter: CustomerFilter, order: Omit<ListQuery, 'where'>, onlyFor?: string): Promise<ListPage<Customer>> {
    const { email, lastName, postalCode } = filter;
    const where = {
      ...(email !== undefined && { 'contact.email': email }),
      ...(lastName !== undefined && { 'name.lastName': lastName }),
      ...(postalCode !== undefined && { 'addresses.postalCode': postalCode }),
      ...(onlyFor !== undefined && { id: onlyFor }),
      erased: null,
    };
    return this.customers.page({ ...order, where });
  }
}
