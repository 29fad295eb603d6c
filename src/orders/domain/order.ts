import { type Address, type Customer, type CustomerRecord, shippingAddressOf } from './customer.js';
import { type BrokenRule, InvalidOrder, NoShippingAddress, WrongStatus } from './errors.js';
import { type Money, totalOf } from './money.js';

export interface Product {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly price: Money;
}

export interface OrderItem {
  readonly product: Product;
  readonly quantity: number;
}

export type OrderStatus = 'PLACED' | 'SHIPPED' | 'CANCELLED';

/** The address that an order went to, and the version of the customer's copy that it was taken from. */
export interface ShipTo extends Address {
  readonly customerVersion: number;
}

/** An order: what is stored, carried by events and answered to clients is this one value. */
export interface Order {
  readonly id: string;
  readonly version: number;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly items: OrderItem[];
  readonly total: Money;
  /** With SHIPPED, until the customer is erased. */
  readonly shipTo?: ShipTo;
  /** With CANCELLED, where one was given, until the customer is erased. */
  readonly cancelReason?: string;
  /** When the customer's personal data was taken out, because the customer was erased. */
  readonly redactedAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface OrderEventData {
  readonly order: Order;
  /** JSON Pointers of what changed. */
  readonly changed: string[];
}

export type OrderEvent =
  | { readonly type: 'placed'; readonly data: OrderEventData }
  | { readonly type: 'shipped'; readonly data: OrderEventData }
  | { readonly type: 'cancelled'; readonly data: OrderEventData }
  | { readonly type: 'redacted'; readonly data: OrderEventData };

export interface OrderChange {
  readonly state: Order;
  readonly event: OrderEvent;
  /** Answers that were given before must not be given again. */
  readonly forgets?: true;
}

/** What a decision needs of the world. */
export interface Circumstances {
  /** RFC 3339 */
  readonly now: string;
  /** Answers JSON Pointers of what differs between two values. */
  readonly compare: (before: unknown, after: unknown) => string[];
}

/** @throws InvalidOrder when the items do not share one currency */
export function placeOrder(
  id: string,
  customer: Customer,
  items: OrderItem[],
  { now, compare }: Circumstances,
): OrderChange {
  const broken = foreignCurrencies(items);
  if (broken.length > 0) throw new InvalidOrder(broken);
  const currency = items[0]?.product.price.currency as string;
  const amount = totalOf(items.map(({ product: { price }, quantity }) => ({ price, quantity })));
  const content = { customerId: customer.id, status: 'PLACED' as const, items, total: { amount, currency } };
  const state = { id, version: 1, ...content, createdAt: now, updatedAt: now };
  return { state, event: { type: 'placed', data: { order: state, changed: compare({}, content) } } };
}

/** Where an order can go from each status. */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PLACED: ['SHIPPED', 'CANCELLED'],
  SHIPPED: [],
  CANCELLED: [],
};

/** @throws WrongStatus, NoShippingAddress */
export function shipOrder(order: Order, customer: CustomerRecord, circumstances: Circumstances): OrderChange {
  refuseWrongStatus(order, 'SHIPPED');
  // What was taken out does not come back by a copy of the customer that is behind.
  const address = order.redactedAt === undefined ? shippingAddressOf(customer) : undefined;
  if (!address) throw new NoShippingAddress();
  const shipTo = { ...address, customerVersion: customer.version };
  const { state, changed } = advance(order, { status: 'SHIPPED', shipTo }, circumstances);
  return { state, event: { type: 'shipped', data: { order: state, changed } } };
}

/** @throws WrongStatus */
export function cancelOrder(order: Order, reason: string | undefined, circumstances: Circumstances): OrderChange {
  refuseWrongStatus(order, 'CANCELLED');
  // A reason may tell of the person, and nothing would come any more to take it out.
  const isKept = reason !== undefined && order.redactedAt === undefined;
  const change = { status: 'CANCELLED' as const, ...(isKept && { cancelReason: reason }) };
  const { state, changed } = advance(order, change, circumstances);
  return { state, event: { type: 'cancelled', data: { order: state, changed } } };
}

/**
 * Takes the customer's personal data out of an order; undefined when that was done before. An order in any status gets
 * a new version by it, so that a shipment which is being decided on the old address finds that it was overtaken.
 */
export function redactOrder(order: Order, circumstances: Circumstances): OrderChange | undefined {
  if (order.redactedAt !== undefined) return undefined;
  const { shipTo: _to, cancelReason: _reason, ...rest } = order;
  const { state, changed } = advance(order, { redactedAt: circumstances.now }, circumstances, rest);
  return { state, event: { type: 'redacted', data: { order: state, changed } }, forgets: true };
}

function refuseWrongStatus({ status }: Order, wanted: OrderStatus): void {
  if (!NEXT[status].includes(wanted)) throw new WrongStatus(status, wanted);
}

function advance(order: Order, change: Partial<Order>, { now, compare }: Circumstances, kept: Order = order) {
  // Clocks of two instances differ; an aggregate's own time does not go back.
  const updatedAt = now > order.updatedAt ? now : order.updatedAt;
  const changed = compare(order, { ...kept, ...change });
  return { state: { ...kept, ...change, version: order.version + 1, updatedAt }, changed };
}

function foreignCurrencies(items: readonly OrderItem[]): BrokenRule[] {
  const first = items[0]?.product.price.currency;
  return items.flatMap(({ product }, index) =>
    product.price.currency === first
      ? []
      : [{ pointer: `/items/${index}/product/price/currency`, message: 'must be the currency of the first item' }],
  );
}
