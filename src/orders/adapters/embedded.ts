import { EmbeddedAggregates } from '../../platform/embedded/embedded-aggregates.js';
import type { Level } from '../../platform/embedded/embedded-database.js';
import { EmbeddedHistory } from '../../platform/embedded/embedded-history.js';
import { EmbeddedListing } from '../../platform/embedded/embedded-listing.js';
import { EmbeddedProjection } from '../../platform/embedded/embedded-projection.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { Order, OrderEvent } from '../domain/order.js';
import { orderEvents } from '../messages/order-events.js';

/** Where orders keeps what it owns, and what it copies, in the embedded database. */
export function embeddedAdapters(level: Level) {
  const orders = new EmbeddedAggregates<Order, OrderEvent>(level, 'customer.orders', orderEvents);
  return {
    orders,
    orderList: new EmbeddedListing<Order>(orders),
    history: new EmbeddedHistory<unknown>(level, 'order.history'),
    customers: new EmbeddedProjection<CustomerRecord>(level, 'customers'),
    prepare: () => Promise.resolve(),
  };
}
