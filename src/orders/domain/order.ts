import { type CustomerAddress, type CustomerCopy, type CustomerRecord, shippingAddressOf } from './customer.js';
import { type BrokenRule, InvalidOrder, NoShippingAddress, WrongStatus } from './errors.js';
import { type Money, type Total, totalOf } from './money.js';

// tsoa copies the comments and the limits of these shapes into the OpenAPI document.

export interface Product {
  /**
   * @minLength 1
   * @maxLength 100
   */
  readonly id: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  readonly title: string;
  /** @maxLength 2000 */
  readonly description?: string;
  readonly price: Money;
}

export interface OrderItem {
  readonly product: Product;
  /**
   * @isInt
   * @minimum 1
   * @maximum 1000000
   */
  readonly quantity: number;
}

export type OrderStatus = 'PLACED' | 'SHIPPED' | 'CANCELLED';

/** The address that the order was shipped to. */
export interface ShipTo extends CustomerAddress {
  /**
   * The version of the customer that this address is from.
   * @isLong
   * @minimum 1
   */
  readonly customerVersion: number;
}

export interface Order {
  /** @format uuid */
  readonly id: string;
  /**
   * Starts at 1; each change adds 1. Also the `ETag`.
   * @isLong
   * @minimum 1
   */
  readonly version: number;
  /** @format uuid */
  readonly customerId: string;
  readonly status: OrderStatus;
  /**
   * @minItems 1
   * @maxItems 200
   */
  readonly items: OrderItem[];
  readonly total: Total;
  // Present when SHIPPED, until the customer is erased.
  readonly shipTo?: ShipTo;
  /**
   * The reason for the cancellation, if one was given. Removed when the customer is erased.
   * @maxLength 500
   */
  readonly cancelReason?: string;
  /**
   * Time when the customer was erased and the personal data was removed from the order (RFC 3339).
   * @format date-time
   */
  readonly redactedAt?: string;
  /**
   * RFC 3339
   * @format date-time
   */
  readonly createdAt: string;
  /**
   * RFC 3339
   * @format date-time
   */
  readonly updatedAt: string;
}

/** A change of an order; the event carries the whole order after it. */
export type OrderChange =
  | { readonly type: 'placed' | 'shipped' | 'cancelled'; readonly state: Order }
  // Stored responses contain personal data, so they must not be replayed any more.
  | { readonly type: 'redacted'; readonly state: Order; readonly forgets: true };

/**
 * @param now RFC 3339, here and below
 * @throws InvalidOrder when the items do not share one currency
 */
export function placeOrder(id: string, customer: CustomerCopy, items: OrderItem[], now: string) {
  const broken = findForeignCurrencies(items);
  if (broken.length > 0) throw new InvalidOrder(broken);
  const currency = items[0]?.product.price.currency as string;
  const amount = totalOf(items.map(({ product: { price }, quantity }) => ({ price, quantity })));
  const content = { customerId: customer.id, status: 'PLACED' as const, items, total: { amount, currency } };
  const state: Order = { id, version: 1, ...content, createdAt: now, updatedAt: now };
  return { type: 'placed', state } as const satisfies OrderChange;
}

/** The allowed next statuses of each status. */
const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PLACED: ['SHIPPED', 'CANCELLED'],
  SHIPPED: [],
  CANCELLED: [],
};

/** @throws WrongStatus, NoShippingAddress */
export function shipOrder(order: Order, customer: CustomerRecord, now: string) {
  refuseWrongStatus(order, 'SHIPPED');
  // A copy of the customer that lags behind must not bring the address back into a redacted order.
  const address = order.redactedAt === undefined ? shippingAddressOf(customer) : undefined;
  if (!address) throw new NoShippingAddress();
  const shipTo = { ...address, customerVersion: customer.version };
  return { type: 'shipped', state: advance(order, { status: 'SHIPPED', shipTo }, now) } as const satisfies OrderChange;
}

/** @throws WrongStatus */
export function cancelOrder(order: Order, reason: string | undefined, now: string) {
  refuseWrongStatus(order, 'CANCELLED');
  // A reason may contain personal data, and nothing would remove it from an order that is already redacted.
  const isKept = reason !== undefined && order.redactedAt === undefined;
  const change = { status: 'CANCELLED' as const, ...(isKept && { cancelReason: reason }) };
  return { type: 'cancelled', state: advance(order, change, now) } as const satisfies OrderChange;
}

/**
 * Removes the customer's personal data from an order; returns undefined if that was done before. The order gets a new
 * version in any status, so that a concurrent shipment to the old address fails its version check.
 */
export function redactOrder(order: Order, now: string) {
  if (order.redactedAt !== undefined) return undefined;
  const { shipTo: _to, cancelReason: _reason, ...rest } = order;
  const state = advance(rest, { redactedAt: now }, now);
  return { type: 'redacted', state, forgets: true } as const satisfies OrderChange;
}

function refuseWrongStatus({ status }: Order, wanted: OrderStatus): void {
  if (!TRANSITIONS[status].includes(wanted)) throw new WrongStatus(status, wanted);
}

function advance(order: Order, change: Partial<Order>, now: string): Order {
  // The clocks of two instances differ, but the time of an aggregate must not go backwards.
  const updatedAt = now > order.updatedAt ? now : order.updatedAt;
  return { ...order, ...change, version: order.version + 1, updatedAt };
}

function findForeignCurrencies(items: readonly OrderItem[]): BrokenRule[] {
  const first = items[0]?.product.price.currency;
  return items.flatMap(({ product }, index) =>
    product.price.currency === first
      ? []
      : [{ pointer: `/items/${index}/product/price/currency`, message: 'must be the same as in the first item' }],
  );
}
