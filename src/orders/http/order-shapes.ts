import type { CustomerCopy } from '../domain/customer.js';
import type { Order } from '../domain/order.js';

/** @example { "reason": "ordered twice" } */
export interface Cancellation {
  /** @maxLength 500 */
  reason?: string;
}

/** A page of orders. */
export interface OrderPage {
  /** @maxItems 200 */
  items: Order[];
  /**
   * The `cursor` of the next page; absent on the last page.
   * @format base64url
   * @maxLength 4000
   */
  next?: string;
}

export interface CustomerWithOrders {
  customer: CustomerCopy;
  /**
   * The version of the customer in this copy.
   * @isLong
   * @minimum 1
   */
  customerVersion: number;
  /**
   * Newest first.
   * @maxItems 200
   */
  orders: Order[];
  /**
   * The `cursor` of the next page; absent on the last page.
   * @format base64url
   * @maxLength 4000
   */
  next?: string;
}
