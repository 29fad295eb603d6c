const FIRST_NAMES = [
  ...[
    'Ada',
    'Amara',
    'Anders',
    'Beatriz',
    'Chidi',
    'Clara',
    'Daniel',
    'Elif',
    'Emma',
    'Farid',
    'Grace',
    'Hana',
    'Igor',
  ],
  ...['Ines', 'Jamal', 'Jonas', 'Kavya', 'Leila', 'Liam', 'Lucia', 'Mateo', 'Mei', 'Nadia', 'Noah', 'Olga', 'Omar'],
  ...['Priya', 'Rafael', 'Rosa', 'Sara', 'Sofia', 'Tomas', 'Umar', 'Vera', 'Wanda', 'Yuki', 'Zoe'],
];
const LAST_NAMES = [
  ...['Adeyemi', 'Andersson', 'Bauer', 'Becker', 'Castillo', 'Chen', 'Costa', 'Dubois', 'Evans', 'Fischer', 'Garcia'],
  ...['Haddad', 'Hopper', 'Ivanova', 'Jensen', 'Kaya', 'Kim', 'Kowalski', 'Lovelace', 'Martin', 'Mbeki', 'Moreau'],
  ...['Nakamura', 'Novak', 'Okafor', 'Patel', 'Petrov', 'Quinn', 'Rossi', 'Schmidt', 'Silva', 'Singh', 'Tanaka'],
  ...['Turner', 'Usman', 'Vargas', 'Weber', 'Xu', 'Yilmaz', 'Zhang'],
];
const STREETS = [
  ...['Birch Lane', 'Canal Street', 'Cedar Avenue', 'Church Road', 'Elm Street', 'Harbor Drive', 'High Street'],
  ...['Hill Road', 'Lake View', 'Main Street', 'Maple Avenue', 'Market Street', 'Mill Lane', 'Oak Street'],
  ...['Park Avenue', 'River Road', 'Station Road', 'Sunset Boulevard', 'Vine Street', 'Walnut Street'],
];
/** City, state and the first digits of its postal codes. */
const PLACES = /** @type {const} */ ([
  ...[
    ['Albany', 'NY', '122'],
    ['Austin', 'TX', '787'],
    ['Boise', 'ID', '837'],
    ['Boston', 'MA', '021'],
  ],
  ...[
    ['Chicago', 'IL', '606'],
    ['Denver', 'CO', '802'],
    ['Madison', 'WI', '537'],
    ['Nashville', 'TN', '372'],
  ],
  ...[
    ['Portland', 'OR', '972'],
    ['Raleigh', 'NC', '276'],
    ['Savannah', 'GA', '314'],
    ['Seattle', 'WA', '981'],
  ],
]);
/** Title and price in US dollars. */
const PRODUCTS = /** @type {const} */ ([
  ...[
    ['Notebook, dotted', '7.90'],
    ['Fountain pen', '34.50'],
    ['Desk lamp', '59.00'],
    ['Tea kettle', '42.95'],
  ],
  ...[
    ['Wool blanket', '89.00'],
    ['Hiking boots', '149.99'],
    ['Coffee grinder', '64.50'],
    ['Rain jacket', '119.00'],
  ],
  ...[
    ['Field guide to birds', '24.99'],
    ['Bicycle bell', '12.40'],
    ['Chess set', '54.00'],
    ['Headphones', '199.00'],
  ],
]);
const REASONS = ['ordered twice', 'found it cheaper', 'arrives too late', 'changed my mind'];
/** Numbers that card companies publish for tests. */
const CARDS = ['4111111111111111', '5555555555554444', '378282246310005'];

/** @template T @param {readonly T[]} list @returns {T} */
export function oneOf(list) {
  return /** @type {T} */ (list[Math.floor(Math.random() * list.length)]);
}

/** @param {number} limit */
const below = (limit) => Math.floor(Math.random() * limit);

export const newLastName = () => oneOf(LAST_NAMES);
export const newReason = () => oneOf(REASONS);

/** An address to ship to. */
export function newAddress() {
  const [city, state, area] = oneOf(PLACES);
  const postalCode = area + String(below(100)).padStart(2, '0');
  return { type: 'SHIPPING', address1: `${1 + below(400)} ${oneOf(STREETS)}`, city, state, postalCode };
}

/** Somebody who registers. */
export function newCustomer() {
  const name = { firstName: oneOf(FIRST_NAMES), lastName: newLastName() };
  const email = `${name.firstName}.${name.lastName}${below(1_000)}@example.com`.toLowerCase();
  const hasCard = Math.random() < 0.5;
  const nameOnCard = `${name.firstName} ${name.lastName}`;
  return {
    name,
    contact: { email, primaryPhone: `+1 202 555 0${100 + below(100)}` },
    addresses: [newAddress()],
    ...(hasCard && { creditCards: [{ type: 'PRIMARY', number: oneOf(CARDS), expiration: '12/30', nameOnCard }] }),
  };
}

/** One to three things of an order. */
export function newItems() {
  return Array.from({ length: 1 + below(3) }, () => {
    const product = below(PRODUCTS.length);
    const [title, amount] = /** @type {readonly [string, string]} */ (PRODUCTS[product]);
    return {
      product: { id: `p-${product + 1}`, title, price: { amount, currency: 'USD' } },
      quantity: 1 + below(3),
    };
  });
}
