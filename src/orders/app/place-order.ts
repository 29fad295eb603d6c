import { createAggregate, type Outcome } from '../../platform/aggregate/change-aggregate.js';
import type { Idempotency } from '../../platform/aggregate/idempotency.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
import type { Arrivals } from '../../platform/projection/arrivals.js';
import { waitForVersion } from '../../platform/projection/wait-for-version.js';
import type { Customer } from '../domain/customer.js';
import { UnknownCustomer } from '../domain/errors.js';
import { type Order, type OrderItem, placeOrder } from '../domain/order.js';
import type { Customers, Orders } from './ports.js';

export interface PlaceOrderCommand {
  readonly customerId: string;
  readonly items: OrderItem[];
  /** The version of the customer that the copy must have reached. */
  readonly minCustomerVersion?: number;
}

export class PlaceOrder {
  constructor(
    private readonly orders: Orders,
    private readonly customers: Customers,
    private readonly arrivals: Arrivals,
    private readonly stopping: AbortSignal,
  ) {}

  /**
   * @param wait seconds to wait for `minCustomerVersion`
   * @throws UnknownCustomer, InvalidOrder, PlatformError `unavailable` when that version does not come in time
   */
  execute(command: PlaceOrderCommand, wait: number, idempotency?: Idempotency): Promise<Outcome<Order>> {
    const { customerId, items, minCustomerVersion } = command;
    return createAggregate(
      this.orders,
      async (id) => {
        // The customer may be erased between this look and the save, and then nothing redacts the order: it has nothing of
        // the person yet, and gets nothing later, for shipping and cancelling look at the copy again.
        const customer = await this.findCustomer(customerId, minCustomerVersion, wait);
        return placeOrder(id, customer, items, { now: new Date().toISOString(), compare: changedPointers });
      },
      idempotency,
    );
  }

  private async findCustomer(id: string, version: number | undefined, seconds: number): Promise<Customer> {
    const { customers, arrivals, stopping } = this;
    const wait = { seconds, arrivals, stopping };
    const copy = await (version === undefined ? customers.find(id) : waitForVersion(customers, id, version, wait));
    if (!copy || 'erased' in copy.state) throw new UnknownCustomer();
    return copy.state;
  }
}
