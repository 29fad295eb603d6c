import { randomInt } from 'node:crypto';

/** Every card number of this run begins with these digits, and nothing else does. */
export const CARD_PREFIX = `4929${randomInt(1_000_000, 9_999_999)}`;
let cards = 0;

/** A card number that no other test has, with the right check digit. */
export function newCardNumber(): string {
  cards += 1;
  const payload = `${CARD_PREFIX}${String(cards).padStart(4, '0')}`;
  const sum = [...payload].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${payload}${(10 - (sum % 10)) % 10}`;
}

/** What a client sends to register a customer. */
export function customerInput(lastName: string, cardNumber = newCardNumber()) {
  return {
    name: { firstName: 'Ada', lastName },
    contact: { email: `${lastName.toLowerCase()}@example.com` },
    addresses: [
      { type: 'SHIPPING', address1: '1 Main Street', city: 'Springfield', state: 'IL', postalCode: '62701' },
      { type: 'BILLING', address1: '2 Side Street', city: 'Springfield', state: 'IL', postalCode: '62702' },
    ],
    creditCards: [{ type: 'PRIMARY', number: cardNumber, expiration: '12/30', nameOnCard: `Ada ${lastName}` }],
  };
}

/** What a client sends to place an order. */
export function orderInput(customerId: string, quantity = 1) {
  const product = { id: 'p-1', title: 'Difference engine', price: { amount: '19.99', currency: 'USD' } };
  return { customerId, items: [{ product, quantity }] };
}
