import type { Problem } from '../../platform/http.js';
import type { Customer } from '../domain/customer.js';
import type { CustomerPage } from './customer-shapes.js';

export const CUSTOMER: Customer = {
  id: '01a20699-0298-778c-90c1-07a39812d871',
  version: 1,
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [
    {
      type: 'SHIPPING',
      address1: '12 St James Square',
      city: 'London',
      state: 'LND',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
    },
  ],
  creditCards: [{ type: 'PRIMARY', brand: 'VISA', last4: '1111', expiration: '12/30', nameOnCard: 'Ada Lovelace' }],
  createdAt: '2026-11-23T04:10:20.697Z',
  updatedAt: '2026-11-23T04:10:20.697Z',
};

export const CUSTOMERS: CustomerPage = {
  items: [CUSTOMER],
  next: 'eyJsaXN0Ijoi',
};

export const NOT_FOUND: Problem = {
  type: 'urn:problem:customer-not-found',
  title: 'Customer not found',
  status: 404,
  detail: 'there is no such customer',
};

export const ERASED: Problem = {
  type: 'urn:problem:customer-erased',
  title: 'Customer erased',
  status: 410,
  detail: 'the data of this customer was erased',
};

export const INVALID: Problem = {
  type: 'urn:problem:invalid-customer',
  title: 'Invalid customer',
  status: 422,
  detail: 'the customer is invalid; see errors',
  errors: [{ pointer: '/creditCards/0/number', message: 'is not a valid card number' }],
};
