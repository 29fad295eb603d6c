import fc from 'fast-check';
import type { CustomerInput } from '../../src/accounts/domain/customer.js';
import type { OrderItem } from '../../src/orders/domain/order.js';

const text = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
const sometimes = { requiredKeys: [] as [] };

const address = fc.record(
  {
    type: fc.constantFrom('BILLING' as const, 'SHIPPING' as const, 'SHIPPING_ALTERNATE' as const),
    address1: text,
    city: fc.constantFrom('London', 'Paris'),
    state: fc.constant('s'),
    postalCode: fc.constantFrom('1', '2'),
    country: fc.constantFrom('GB', 'FR'),
    address2: text,
  },
  { requiredKeys: ['type', 'address1', 'city', 'state', 'postalCode'] },
);
const card = fc.record({
  type: fc.constantFrom('PRIMARY' as const, 'ALTERNATE' as const),
  number: fc.constantFrom('4111111111111111', '5555555555554444'),
  expiration: fc.constantFrom('12/30', '01/31'),
  nameOnCard: fc.constantFrom('Ada', 'Eve'),
});
const byType = { selector: ({ type }: { readonly type: string }) => type };

/** A customer as a client may state one, small enough that two of them often share something. */
export const customerInput: fc.Arbitrary<CustomerInput> = fc
  .record({
    name: fc.tuple(fc.record({ firstName: text, lastName: text }), fc.record({ title: text, suffix: text }, sometimes)),
    contact: fc.tuple(fc.record({ email: fc.emailAddress() }), fc.record({ primaryPhone: text }, sometimes)),
    addresses: fc.uniqueArray(address, byType),
    cards: fc.option(fc.uniqueArray(card, byType), { nil: undefined }),
  })
  .map(({ name, contact, addresses, cards }) => ({
    name: { ...name[0], ...name[1] },
    contact: { ...contact[0], ...contact[1] },
    addresses,
    ...(cards && { creditCards: cards }),
  }));

/** What an order may be of: all in one currency. */
export const items: fc.Arbitrary<OrderItem[]> = fc.array(
  fc.record({
    product: fc.record({
      id: text,
      title: text,
      price: fc.record({
        amount: fc.constantFrom('0', '0.1', '19.99', '999999999999.9999'),
        currency: fc.constant('USD'),
      }),
    }),
    quantity: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  { minLength: 1, maxLength: 4 },
);
