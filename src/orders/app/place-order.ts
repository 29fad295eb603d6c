import { v7 as uuidv7 } from 'uuid';
import { changeAggregate } from '../../platform/aggregate/change-aggregate.js';
import { changedPointers } from '../../platform/event/changed-pointers.js';
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
    private readonly stopping: AbortSignal,
  ) {}

  /**
   * @param wait seconds to wait for `minCustomerVersion`
   * @throws UnknownCustomer, InvalidOrder, PlatformError `unavailable` when that version does not come in time
   */
  async execute({ customerId, items, minCustomerVersion }: PlaceOrderCommand, wait: number): Promise<Order> {
    const customer = await this.findCustomer(customerId, minCustomerVersion, wait);
    if (!customer) throw new UnknownCustomer();
    const id = uuidv7();
    const circumstances = { now: new Date().toISOString(), compare: changedPointers };
    return changeAggregate(this.orders, id, () => placeOrder(id, customer, items, circumstances));
  }

  private async findCustomer(id: string, version: number | undefined, wait: number): Promise<Customer | undefined> {
    const find = () => this.customers.find(id);
    const copy = version === undefined ? await find() : await waitForVersion(find, version, wait, this.stopping);
    return copy?.state;
  }
}
