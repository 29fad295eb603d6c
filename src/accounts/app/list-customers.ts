import type { ListPage, ListQuery } from '../../platform/index.js';
import type { Customer } from '../domain/customer.js';
import type { CustomerList } from './customers.js';

/** What customers may be filtered by. */
export interface CustomerFilter {
  readonly email?: string;
  readonly lastName?: string;
  readonly postalCode?: string;
}

export class ListCustomers {
  constructor(private readonly customers: CustomerList) {}

  /** Customers that were not erased, and fit the filter. */
  execute(filter: CustomerFilter, order: Omit<ListQuery, 'where'>): Promise<ListPage<Customer>> {
    const { email, lastName, postalCode } = filter;
    const where = {
      ...(email !== undefined && { 'contact.email': email }),
      ...(lastName !== undefined && { 'name.lastName': lastName }),
      ...(postalCode !== undefined && { 'addresses.postalCode': postalCode }),
      erased: null,
    };
    return this.customers.page({ ...order, where });
  }
}
