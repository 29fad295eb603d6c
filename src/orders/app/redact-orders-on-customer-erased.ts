import { changeExisting } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import type { Scalar } from '../../platform/listing/listing.js';
import type { CustomerRecord } from '../domain/customer.js';
import { OrderNotFound } from '../domain/errors.js';
import { redactOrder } from '../domain/order.js';
import type { OrderList, Orders } from './ports.js';

/** Orders that are redacted at a time, as few group commits. */
const PAGE = 500;

/**
 * Takes the personal data of customers who were erased out of their orders. Runs after the copy is erased, so that an
 * order that is placed too late to be found here gets none: shipping and cancelling look at the copy.
 */
export class RedactOrdersOnCustomerErased {
  constructor(
    private readonly orders: Orders,
    private readonly orderList: OrderList,
  ) {}

  /**
   * What is redacted stays so: when it is broken off, the next try goes on with what is left.
   * @param heartbeat is called after each step; what it throws ends the work
   */
  async execute(customers: readonly CustomerRecord[], heartbeat: () => Promise<void>): Promise<void> {
    for (const customer of customers) if ('erased' in customer) await this.redactOrdersOf(customer.id, heartbeat);
  }

  private async redactOrdersOf(customerId: string, heartbeat: () => Promise<void>): Promise<void> {
    let after: readonly Scalar[] | undefined;
    do {
      const page = await this.orderList.page({
        where: { customerId, redactedAt: null },
        sort: [['createdAt', 'descending']],
        limit: PAGE,
        ...(after && { after }),
      });
      await heartbeat();
      await Promise.all(page.items.map(({ id }) => this.redact(id).then(heartbeat)));
      after = page.next;
    } while (after);
  }

  private async redact(id: string): Promise<void> {
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    const absent = () => new OrderNotFound();
    await changeExisting(this.orders, id, absent, (order) => redactOrder(order, circumstances));
  }
}
