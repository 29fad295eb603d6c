import type { ListPage, ListQuery } from '../../platform/index.js';
import type { Order, OrderStatus } from '../domain/order.js';
import type { OrderList } from './ports.js';

/** An order must match all that are given. */
export interface OrderFilter {
  readonly customerId?: string;
  readonly status?: OrderStatus;
}

export class ListOrders {
  constructor(private readonly orders: OrderList) {}

  /** @param onlyFor the customer to whom the list is restricted, if it is, whatever the filter says */
  async execute(
    { customerId, status }: OrderFilter,
    order: Omit<ListQuery, 'where'>,
    onlyFor?: string,
  ): Promise<ListPage<Order>> {
    const customer = onlyFor ?? customerId;
    // Nothing belongs to two customers.
    if (customerId !== undefined && customerId !== customer) return { items: [] };
    const where = { ...(customer !== undefined && { customerId: customer }), ...(status !== undefined && { status }) };
    return this.orders.page({ ...order, where });
  }
}
