import type { Request, Response } from 'express';

/** Restricts a request to one customer: it may see and change only what is that customer's. */
export function restrictTo(response: Response, customer: string): void {
  response.locals.onlyFor = customer;
}

/**
 * Returns the id of the customer that the request is restricted to; undefined if it is not, as for staff and services,
 * or without authentication. An operation that allows a `:self` scope passes it to its use case, unless its path has
 * the parameter `customerId`: the contract guard has compared that already.
 * @example
 * await this.getOrder.execute(orderId, onlyFor(request));
 */
export function onlyFor({ res: response }: Request): string | undefined {
  return response?.locals.onlyFor as string | undefined;
}
