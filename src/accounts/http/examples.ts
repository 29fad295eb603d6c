import type { Problem } from '../../platform/http.js';
import type { Attestation } from '../../platform/index.js';
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

export const NOT_ERASED: Problem = {
  type: 'urn:problem:customer-not-erased',
  title: 'Customer not erased',
  status: 404,
  detail: 'there is no erasure of such a customer',
};

export const ERASURE: Attestation = {
  id: '01a20699-0298-778c-90c1-07a39812d871',
  version: 4,
  erasedAt: '2026-11-24T08:00:00.000Z',
  erasedBy: 'ann',
  destroyedKey: '8f14e45fceea167a5a36dedd4bea2543',
  confirmations: [{ context: 'orders', at: '2026-11-24T08:00:00.120Z' }],
  awaited: [],
  remaining: [
    { what: 'events of orders about the person in clear text, if it published some before it sealed events' },
    {
      what: 'the destroyed key, encrypted with a master key, in old segments of accounts.customer.keys',
      until: '2026-11-26T08:00:00.000Z',
    },
    {
      what: "personal data and the encrypted key in MongoDB's oplog, journal and freed file space, until MongoDB overwrites them",
    },
    { what: 'personal data and the encrypted key in backups of the databases', until: '2026-12-24T08:00:00.000Z' },
    { what: 'ids, versions, times, callers and names of changed members in events and histories' },
  ],
};
