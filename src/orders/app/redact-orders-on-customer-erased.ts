import { changeExisting, type Heartbeat } from '../../platform/index.js';
import type { CustomerRecord } from '../domain/customer.js';
import { OrderNotFound } from '../domain/errors.js';
import { redactOrder } from '../domain/order.js';
import type { OrderList, Orders } from './ports.js';

/** Orders that are redacted concurrently, in a few group commits. */
const PAGE_SIZE = 500;

/**
 * Removes the personal data of an erased customer from the customer's orders. Runs after the copy is erased: an order
 * that is placed too late to be found here gets no personal data, because shipping and cancelling read the copy.
 */
export class RedactOrdersOnCustomerErased {
  constructor(
    private readonly orders: Orders,
    private readonly orderList: OrderList,
  ) {}

  /**
   * Can be repeated: after an interruption, the next attempt redacts the remaining orders.
   * @param lease gets a heartbeat after each step; an error of the heartbeat stops the work
   */
  async execute(customer: CustomerRecord, lease: Heartbeat): Promise<void> {
    if ('erased' in customer) await this.redactOrdersOf(customer.id, () => lease.heartbeat());
  }

  private async redactOrdersOf(customerId: string, heartbeat: () => Promise<void>): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await this.orderList.page({
        where: { customerId, redactedAt: null },
        sort: [['createdAt', 'descending']],
        limit: PAGE_SIZE,
        ...(cursor !== undefined && { cursor }),
      });
      await heartbeat();
      await Promise.all(page.items.map(({ id }) => this.redact(id).then(heartbeat)));
      cursor = page.next;
    } while (cursor !== undefined);
  }

  private async redact(id: string): Promise<void> {
    const absent = () => new OrderNotFound();
    await changeExisting(this.orders, id, absent, redactOrder);
  }
}
