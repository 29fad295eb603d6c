import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CustomerCopy } from './customer.js';
import { InvalidOrder, NoShippingAddress, WrongStatus } from './errors.js';
import { totalOf } from './money.js';
import { cancelOrder, type OrderItem, placeOrder, redactOrder, shipOrder } from './order.js';

const MORNING = '2026-11-23T08:00:00.000Z';
const NOON = '2026-11-23T12:00:00.000Z';

const address = { type: 'SHIPPING', address1: '1', city: 'c', state: 's', postalCode: 'p', country: 'US' } as const;
const customer: CustomerCopy = {
  id: 'c-1',
  version: 7,
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [address],
  createdAt: MORNING,
  updatedAt: MORNING,
};

function item(amount: string, quantity: number, currency = 'USD'): OrderItem {
  return { product: { id: 'p', title: 't', price: { amount, currency } }, quantity };
}

describe('placing an order', () => {
  it('sets version 1, PLACED and the exact total', () => {
    const items = [item('0.1', 3), item('19.99', 2)];
    const { state, type } = placeOrder('o-1', customer, items, MORNING);
    expect(state).toEqual({
      id: 'o-1',
      version: 1,
      customerId: 'c-1',
      status: 'PLACED',
      items,
      total: { amount: '40.28', currency: 'USD' },
      createdAt: MORNING,
      updatedAt: MORNING,
    });
    expect(type).toBe('placed');
  });

  it('refuses a second currency and names the item', () => {
    const place = () => placeOrder('o-1', customer, [item('1', 1), item('1', 1, 'EUR')], MORNING);
    expect(place).toThrow(InvalidOrder);
    expect(place).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/items/1/product/price/currency' })] }),
    );
  });
});

describe('a total', () => {
  it.each([
    [[item('100', 2)], '200'],
    [[item('19.90', 1)], '19.90'],
    [[item('0.1', 3)], '0.3'],
    [[item('999999999999.9999', 1_000_000)], '999999999999999900.0000'],
    [[item('0', 5)], '0'],
  ])('is exact: %#', (items, total) => {
    expect(totalOf(items.map(({ product: { price }, quantity }) => ({ price, quantity })))).toBe(total);
  });

  it('equals integer arithmetic on the smallest unit', () => {
    const line = fc.record({ cents: fc.bigInt(0n, 10n ** 14n), quantity: fc.integer({ min: 1, max: 1_000_000 }) });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (lines) => {
        const format = (cents: bigint) => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
        const prices = lines.map(({ cents, quantity }) => ({
          price: { amount: format(cents), currency: 'USD' },
          quantity,
        }));
        const sum = lines.reduce((total, { cents, quantity }) => total + cents * BigInt(quantity), 0n);
        expect(totalOf(prices)).toBe(format(sum));
      }),
    );
  });
});

describe('shipping an order', () => {
  const placed = placeOrder('o-1', customer, [item('1', 1)], MORNING).state;

  it('stamps the shipping address and the version of the customer that had it', () => {
    const { state, type } = shipOrder(placed, customer, NOON);
    expect(state).toEqual({
      ...placed,
      version: 2,
      status: 'SHIPPED',
      shipTo: { ...address, customerVersion: 7 },
      updatedAt: NOON,
    });
    expect(type).toBe('shipped');
  });

  it('uses the alternate address if there is no shipping address, and never the billing address', () => {
    const billing = { ...address, type: 'BILLING' } as const;
    const alternate = { ...address, type: 'SHIPPING_ALTERNATE', city: 'elsewhere' } as const;
    const { state } = shipOrder(placed, { ...customer, addresses: [billing, alternate] }, NOON);
    expect(state.shipTo).toMatchObject({ city: 'elsewhere' });
    expect(() => shipOrder(placed, { ...customer, addresses: [billing] }, NOON)).toThrow(NoShippingAddress);
  });

  it('is refused from any other status', () => {
    const { state } = shipOrder(placed, customer, NOON);
    expect(() => shipOrder(state, customer, NOON)).toThrow(WrongStatus);
  });
});

describe('cancelling an order', () => {
  const placed = placeOrder('o-1', customer, [item('1', 1)], MORNING).state;

  it.each([
    ['with a reason', 'ordered twice', { cancelReason: 'ordered twice' }],
    ['without one', undefined, {}],
  ])('stores the reason, if any: %s', (_how, reason, more) => {
    const { state, type } = cancelOrder(placed, reason, NOON);
    expect(state).toEqual({ ...placed, version: 2, status: 'CANCELLED', ...more, updatedAt: NOON });
    expect(type).toBe('cancelled');
  });

  it('is refused from any other status', () => {
    expect(() => cancelOrder(cancelOrder(placed, undefined, NOON).state, undefined, NOON)).toThrow(WrongStatus);
    expect(() => cancelOrder(shipOrder(placed, customer, NOON).state, undefined, NOON)).toThrow(WrongStatus);
  });
});

describe('redacting an order', () => {
  const placed = placeOrder('o-1', customer, [item('1', 1)], MORNING).state;

  it.each([
    ['PLACED', placed],
    ['SHIPPED', shipOrder(placed, customer, MORNING).state],
    ['CANCELLED', cancelOrder(placed, 'r', MORNING).state],
  ])('removes the address and the reason, and forgets stored responses: %s', (_status, order) => {
    const { shipTo: _to, cancelReason: _reason, ...rest } = order;
    const change = redactOrder(order, NOON);
    const state = { ...rest, version: order.version + 1, redactedAt: NOON, updatedAt: NOON };
    expect(change).toEqual({ type: 'redacted', state, forgets: true });
    expect(redactOrder(state, NOON)).toBeUndefined();
  });

  it('lets no personal data come back: no address from a lagging copy, and no reason', () => {
    const redacted = redactOrder(placed, NOON)?.state ?? placed;
    expect(() => shipOrder(redacted, customer, NOON)).toThrow(NoShippingAddress);
    expect(cancelOrder(redacted, 'asked for by Ada', NOON).state).not.toHaveProperty('cancelReason');
  });
});
