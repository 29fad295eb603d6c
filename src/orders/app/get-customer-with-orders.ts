import type { ListPage } from '../../platform/index.js';
import type { CustomerCopy } from '../domain/customer.js';
import { CustomerErased, CustomerNotFound } from '../domain/errors.js';
import type { Order } from '../domain/order.js';
import type { Customers, OrderList } from './ports.js';

export interface CustomerQuery {
  readonly customerId: string;
  /** Minimum version of the copy. */
  readonly minVersion?: number;
  /** Maximum time to wait for `minVersion`. */
  readonly waitSeconds: number;
  readonly limit: number;
  readonly cursor?: string;
}

export interface CustomerWithOrders {
  readonly customer: CustomerCopy;
  readonly customerVersion: number;
  /** Newest first. */
  readonly orders: ListPage<Order>;
}

const NEWEST_FIRST = [['createdAt', 'descending']] as const;

/** Returns orders' own copy of a customer with the customer's orders, without a call to another context. */
export class GetCustomerWithOrders {
  constructor(
    private readonly customers: Customers,
    private readonly orders: OrderList,
  ) {}

  /** @throws CustomerNotFound, CustomerErased, PlatformError `unavailable` when `minVersion` does not arrive in time */
  async execute({ customerId, minVersion, waitSeconds, limit, cursor }: CustomerQuery): Promise<CustomerWithOrders> {
    const { customers } = this;
    // Who waits for the copy need not wait for the orders after it.
    const [copy, orders] = await Promise.all([
      minVersion === undefined
        ? customers.find(customerId)
        : customers.findAtLeast(customerId, minVersion, waitSeconds),
      this.orders.page({
        where: { customerId },
        sort: NEWEST_FIRST,
        limit,
        ...(cursor !== undefined && { cursor }),
      }),
    ]);
    if (!copy) throw new CustomerNotFound();
    const customer = copy.state;
    if ('erased' in customer) throw new CustomerErased();
    return { customer, customerVersion: copy.version, orders };
  }
}
