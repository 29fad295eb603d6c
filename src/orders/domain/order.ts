import { type CustomerAddress, type CustomerCopy, type CustomerRecord, shippingAddressOf } from './customer.js';
import { type BrokenRule, InvalidOrder, NoShippingAddress, WrongStatus } from './errors.js';
import { type Money, type Total, totalOf } from './money.js';

// The comments on these shapes, and the limits in them, are also what the OpenAPI document says.

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

/** The address that the order went to. */
export interface ShipTo extends CustomerAddress {
  /**
   * The version of the customer that had it.
   * @isInt
   */
  readonly customerVersion: number;
}

export interface Order {
  readonly id: string;
  /**
   * 1, 2, 3 ... Also the `ETag`.
   * @isInt
   */
  readonly version: number;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly items: OrderItem[];
  readonly total: Total;
  // With SHIPPED, until the customer is erased.
  readonly shipTo?: ShipTo;
  // With CANCELLED, where one was given, until the customer is erased.
  readonly cancelReason?: string;
  /**
   * When the customer's personal data was taken out, because the customer was erased (RFC 3339).
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

/** What happens to an order; the event carries the whole order after it. */
export type OrderChange =
  | { readonly type: 'placed' | 'shipped' | 'cancelled'; readonly state: Order }
  // Answers that were given before must not be given again.
  | { readonly type: 'redacted'; readonly state: Order; readonly forgets: true };

/**
 * @param now RFC 3339, as in all decisions
 * @throws InvalidOrder when the items do not share one currency
 */
export function placeOrder(id: string, customer: CustomerCopy, items: OrderItem[], now: string) {
  const broken = foreignCurrencies(items);
  if (broken.length > 0) throw new InvalidOrder(broken);
  const currency = items[0]?.product.price.currency as string;
  const amount = totalOf(items.map(({ product: { price }, quantity }) => ({ price, quantity })));
  const content = { customerId: customer.id, status: 'PLACED' as const, items, total: { amount, currency } };
  const state: Order = { id, version: 1, ...content, createdAt: now, updatedAt: now };
  return { type: 'placed', state } as const satisfies OrderChange;
}

/** Where an order can go from each status. */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PLACED: ['SHIPPED', 'CANCELLED'],
  SHIPPED: [],
  CANCELLED: [],
};

/** @throws WrongStatus, NoShippingAddress */
export function shipOrder(order: Order, customer: CustomerRecord, now: string) {
  refuseWrongStatus(order, 'SHIPPED');
  // What was taken out does not come back by a copy of the customer that is behind.
  const address = order.redactedAt === undefined ? shippingAddressOf(customer) : undefined;
  if (!address) throw new NoShippingAddress();
  const shipTo = { ...address, customerVersion: customer.version };
  return { type: 'shipped', state: advance(order, { status: 'SHIPPED', shipTo }, now) } as const satisfies OrderChange;
}

/** @throws WrongStatus */
export function cancelOrder(order: Order, reason: string | undefined, now: string) {
  refuseWrongStatus(order, 'CANCELLED');
  // A reason may tell of the person, and nothing would come any more to take it out.
  const isKept = reason !== undefined && order.redactedAt === undefined;
  const change = { status: 'CANCELLED' as const, ...(isKept && { cancelReason: reason }) };
  return { type: 'cancelled', state: advance(order, change, now) } as const satisfies OrderChange;
}

/**
 * Takes the customer's personal data out of an order; undefined when that was done before. An order in any status gets
 * a new version by it, so that a shipment which is being decided on the old address finds that it was overtaken.
 */
export function redactOrder(order: Order, now: string) {
  if (order.redactedAt !== undefined) return undefined;
  const { shipTo: _to, cancelReason: _reason, ...rest } = order;
  const state = advance(rest, { redactedAt: now }, now);
  return { type: 'redacted', state, forgets: true } as const satisfies OrderChange;
}

function refuseWrongStatus({ status }: Order, wanted: OrderStatus): void {
  if (!NEXT[status].includes(wanted)) throw new WrongStatus(status, wanted);
}

function advance(order: Order, change: Partial<Order>, now: string): Order {
  // Clocks of two instances differ; an aggregate's own time does not go back.
  const updatedAt = now > order.updatedAt ? now : order.updatedAt;
  return { ...order, ...change, version: order.version + 1, updatedAt };
}

function foreignCurrencies(items: readonly OrderItem[]): BrokenRule[] {
  const first = items[0]?.product.price.currency;
  return items.flatMap(({ product }, index) =>
    product.price.currency === first
      ? []
      : [{ pointer: `/items/${index}/product/price/currency`, message: 'must be the currency of the first item' }],
  );
}
