import { changeExisting, type Heartbeat, type Scalar } from '../../platform/index.js';
import type { CustomerRecord } from '../domain/customer.js';
import { OrderNotFound } from '../domain/errors.js';
import { redactOrder } from '../domain/order.js';
import type { OrderList, Orders } from './ports.js';

/** Orders that are redacted at a time, as few group commits. */
const PAGE = 500;

/**
 * Takes the personal data of a customer who was erased out of the customer's orders. Runs after the copy is erased, so that an
 * order that is placed too late to be found here gets none: shipping and cancelling look at the copy.
 */
export class RedactOrdersOnCustomerErased {
  constructor(
    private readonly orders: Orders,
    private readonly orderList: OrderList,
  ) {}

  /**
   * What is redacted stays so: when it is broken off, the next try goes on with what is left.
   * @param lease has a heartbeat after each step; what it throws ends the work
   */
  async execute(customer: CustomerRecord, lease: Heartbeat): Promise<void> {
    if ('erased' in customer) await this.redactOrdersOf(customer.id, () => lease.heartbeat());
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
    const absent = () => new OrderNotFound();
    await changeExisting(this.orders, id, absent, redactOrder);
  }
}
