import type { Aggregates } from '../../platform/aggregate/aggregates.js';
import type { History } from '../../platform/history/history.js';
import type { Listing } from '../../platform/listing/listing.js';
import type { Projection } from '../../platform/projection/projection.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { Order, OrderEvent } from '../domain/order.js';

/** The system of record for orders. */
export type Orders = Aggregates<Order, OrderEvent>;

/** Pages through orders. */
export type OrderList = Listing<Order>;

/** Orders' own copy of the customers. */
export type Customers = Projection<CustomerRecord>;

/** Every recorded change of an order. */
export type OrderHistory = History;
