import { OrderNotFound } from '../domain/errors.js';
import type { Order } from '../domain/order.js';

/**
 * Returns the order if there is one and the caller may know of it.
 * @param onlyFor the customer to whom the request is restricted, if it is
 * @throws OrderNotFound, for another customer's order as for none: nobody learns which ids exist
 */
export function visibleOrder(order: Order | undefined, onlyFor: string | undefined): Order {
  if (!order || (onlyFor !== undefined && order.customerId !== onlyFor)) throw new OrderNotFound();
  return order;
}
