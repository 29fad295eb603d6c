import type { CustomerDto } from './customer-dto.js';

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
