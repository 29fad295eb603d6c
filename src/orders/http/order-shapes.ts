import type { CustomerCopy } from '../domain/customer.js';
import type { Order } from '../domain/order.js';

/** @example { "reason": "ordered twice" } */
export interface Cancellation {
  /** @maxLength 500 */
  reason?: string;
}

/** A page of orders. */
export interface OrderPage {
  items: Order[];
  /** The `cursor` of the next page; absent on the last page. */
  next?: string;
}

export interface CustomerWithOrders {
  customer: CustomerCopy;
  /**
   * The version of the customer in this copy.
   * @isInt
   */
  customerVersion: number;
  /** Newest first. */
  orders: Order[];
  /** The `cursor` of the next page; absent on the last page. */
  next?: string;
}
