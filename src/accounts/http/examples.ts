import type { HistoryPageDto } from '../../platform/http/history-dto.js';
import type { Problem } from '../../platform/http/problem.js';
import type { CustomerDto, CustomerPageDto } from './customer-dto.js';

export const CUSTOMER: CustomerDto = {
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

export const CUSTOMERS: CustomerPageDto = {
  items: [CUSTOMER],
  next: 'eyJsaXN0Ijoi',
};

export const HISTORY: HistoryPageDto = {
  items: [
    {
      version: 1,
      type: 'accounts.customer.registered',
      eventId: '6b1f0c6e-5a35-4d0e-9d0b-6a3f1c1f7a11',
      time: '2026-11-23T04:10:20.697Z',
      changed: ['/name', '/contact', '/addresses', '/creditCards'],
      partition: 3,
      offset: 0,
    },
    {
      version: 2,
      type: 'accounts.customer.changed',
      eventId: '2a7be7f2-96a1-4b3c-8a3f-5b0a7c7c2b52',
      time: '2026-11-23T09:32:05.120Z',
      changed: ['/contact/email'],
      actor: 'ada',
      partition: 3,
      offset: 1,
    },
  ],
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
  detail: 'the data of this customer has been erased',
};

export const INVALID: Problem = {
  type: 'urn:problem:invalid-customer',
  title: 'Invalid customer',
  status: 422,
  detail: 'the customer breaks a rule',
  errors: [{ pointer: '/creditCards/0/number', message: 'is not a valid card number' }],
};
