import { type Aggregates, type HistoryReader, type Listing, type Projection, token } from '../../platform/index.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { Order, OrderChange } from '../domain/order.js';

/** The system of record for orders. */
export type Orders = Aggregates<Order, OrderChange>;
export const ORDERS = token<Orders>('orders');

/** Pages through orders. */
export type OrderList = Listing<Order>;
export const ORDER_LIST = token<OrderList>('list of orders');

/** Every recorded change of an order, without its past states: no query needs them. */
export type OrderHistory = HistoryReader<Order>;
export const ORDER_HISTORY = token<OrderHistory>('history of orders');

/** Orders' own copy of the customers. */
export type Customers = Projection<CustomerRecord>;
export const CUSTOMERS = token<Customers>('customers');
