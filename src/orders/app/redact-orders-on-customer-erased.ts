import { changeAggregate } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import type { Scalar } from '../../platform/listing/listing.js';
import type { CustomerRecord } from '../domain/customer.js';
import { redactOrder } from '../domain/order.js';
import type { OrderList, Orders } from './ports.js';

const PAGE = 100;

/** Takes the personal data of customers who were erased out of their orders. Runs after the copy is erased. */
export class RedactOrdersOnCustomerErased {
  constructor(
    private readonly orders: Orders,
    private readonly orderList: OrderList,
  ) {}

  async execute(customers: readonly CustomerRecord[]): Promise<void> {
    for (const customer of customers) if ('erased' in customer) await this.redactOrdersOf(customer.id);
  }

  private async redactOrdersOf(customerId: string): Promise<void> {
    let after: readonly Scalar[] | undefined;
    do {
      const page = await this.orderList.page({
        where: { customerId },
        sort: [['createdAt', 'descending']],
        limit: PAGE,
        ...(after && { after }),
      });
      await Promise.all(page.items.map(({ id }) => this.redact(id)));
      after = page.next;
    } while (after);
  }

  private async redact(id: string): Promise<void> {
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    await changeAggregate(this.orders, id, (order) => order && redactOrder(order, circumstances));
  }
}
