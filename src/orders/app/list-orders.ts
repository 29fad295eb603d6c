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

  execute({ customerId, status }: OrderFilter, order: Omit<ListQuery, 'where'>): Promise<ListPage<Order>> {
    const where = { ...(customerId !== undefined && { customerId }), ...(status !== undefined && { status }) };
    return this.orders.page({ ...order, where });
  }
}
