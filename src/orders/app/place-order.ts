import { createAggregate, type Idempotency, type CommandResult } from '../../platform/index.js';
import type { CustomerCopy } from '../domain/customer.js';
import { UnknownCustomer } from '../domain/errors.js';
import { type Order, type OrderItem, placeOrder } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';

/**
 * @example {
 *   "customerId": "01a20699-0298-778c-90c1-07a39812d871",
 *   "items": [
 *     {
 *       "product": { "id": "p-1", "title": "Notebook", "price": { "amount": "19.99", "currency": "USD" } },
 *       "quantity": 2
 *     }
 *   ]
 * }
 */
export interface OrderInput {
  /** @maxLength 200 */
  readonly customerId: string;
  /**
   * All prices have the same currency.
   * @minItems 1
   * @maxItems 200
   */
  readonly items: OrderItem[];
  /**
   * Minimum version of orders' copy of the customer. `Prefer: wait` says how long to wait for it.
   * @isLong
   * @minimum 1
   * @maximum 999999999999
   */
  readonly minCustomerVersion?: number;
}

/** The request is restricted to one customer, and the order is for another one. */
export class NotOwnCustomer extends Error {
  readonly kind = 'forbidden';
  readonly code = 'not-own-customer';
  constructor() {
    super('the caller may place orders only for its own customer');
  }
}

export class PlaceOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
  ) {}

  /**
   * @param waitSeconds maximum time to wait for `minCustomerVersion`
   * @param onlyFor the customer to whom the command is restricted, if it is
   * @throws NotOwnCustomer, UnknownCustomer, InvalidOrder, PlatformError `unavailable` when that version does not
   *   arrive in time
   */
  async execute(
    input: OrderInput,
    waitSeconds: number,
    idempotency?: Idempotency,
    onlyFor?: string,
  ): Promise<CommandResult<Order>> {
    const { customerId, items, minCustomerVersion } = input;
    if (onlyFor !== undefined && customerId !== onlyFor) throw new NotOwnCustomer();
    return createAggregate(
      this.orders,
      async (id, now) => {
        // If the customer is erased between this read and the save, nothing redacts the order. That is safe: a new
        // order has no personal data, and shipping and cancelling read the copy again before they add any.
        const customer = await this.findCustomer(customerId, minCustomerVersion, waitSeconds);
        return placeOrder(id, customer, items, now);
      },
      idempotency,
    );
  }

  private async findCustomer(id: string, version: number | undefined, waitSeconds: number): Promise<CustomerCopy> {
    const { customers } = this;
    const copy = await (version === undefined ? customers.find(id) : customers.findAtLeast(id, version, waitSeconds));
    if (!copy || 'erased' in copy.state) throw new UnknownCustomer();
    return copy.state;
  }
}
