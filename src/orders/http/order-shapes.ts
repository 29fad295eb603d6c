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
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}

export interface CustomerWithOrders {
  customer: CustomerCopy;
  /**
   * The version of the customer that the copy is of.
   * @isInt
   */
  customerVersion: number;
  /** Newest first. */
  orders: Order[];
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}
