/** A registered customer, as large as those that the load registers. */
export const customer = {
  id: '01a20699-0298-778c-90c1-07a39812d871',
  version: 1,
  name: { title: 'Ms', firstName: 'First1000000000', lastName: 'Last0001' },
  contact: { email: 'customer1000000000@example.com', primaryPhone: '+1 217 555 0100' },
  addresses: [
    {
      type: 'SHIPPING',
      address1: '1 Main Street',
      city: 'Springfield',
      state: 'IL',
      postalCode: '62701',
      country: 'US',
    },
  ],
  creditCards: [
    { type: 'PRIMARY', brand: 'VISA', last4: '1111', expiration: '12/30', nameOnCard: 'First1000000000 Last0001' },
  ],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
