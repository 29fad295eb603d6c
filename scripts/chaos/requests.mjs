import { CUSTOMER_FIELDS } from './facts.mjs';

// Cards have numbers that pass the check digit; they are dropped on arrival.
const CARD = { type: 'PRIMARY', number: '4111111111111111', expiration: '12/30', nameOnCard: 'Ada Lovelace' };

/** What a client sends to register a customer. @param {string} marker */
export const registration = (marker) => ({
  name: { firstName: 'Ada', lastName: marker },
  contact: { email: `${marker.toLowerCase()}@example.com` },
  addresses: [
    { type: 'SHIPPING', address1: '1 Main Street', city: 'Springfield', state: 'IL', postalCode: '62701' },
    { type: 'BILLING', address1: '2 Side Street', city: 'Springfield', state: 'IL', postalCode: '62702' },
  ],
  creditCards: [CARD],
});

/** @param {keyof typeof CUSTOMER_FIELDS} field @param {string} value */
export function patchOf(field, value) {
  const [group, name] = CUSTOMER_FIELDS[field];
  return { [group]: { [name]: value } };
}

/** What a client sends to place an order. @param {string} customerId @param {string} marker @param {number} quantity */
export function orderFor(customerId, marker, quantity) {
  const product = { id: marker, title: 'Difference engine', price: { amount: '19.99', currency: 'USD' } };
  return { customerId, items: [{ product, quantity }] };
}
