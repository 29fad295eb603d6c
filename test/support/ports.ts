import { accounts } from '../../src/accounts/accounts.context.js';
import { CUSTOMER_HISTORY, CUSTOMER_LIST, CUSTOMERS } from '../../src/accounts/app/customers.js';
import { CUSTOMERS as COPIES, ORDER_HISTORY, ORDER_LIST, ORDERS } from '../../src/orders/app/ports.js';
import { orders } from '../../src/orders/orders.context.js';
import type { Database } from '../../src/platform/context/database.js';

/** The ports of accounts over a database. */
export function portsOfAccounts(database: Database) {
  const { container, prepare } = accounts.open(database);
  return {
    customers: container.get(CUSTOMERS),
    customerList: container.get(CUSTOMER_LIST),
    history: container.get(CUSTOMER_HISTORY),
    prepare,
  };
}

/** The ports of orders over a database. */
export function portsOfOrders(database: Database) {
  const { container, prepare } = orders.open(database);
  return {
    orders: container.get(ORDERS),
    orderList: container.get(ORDER_LIST),
    customers: container.get(COPIES),
    history: container.get(ORDER_HISTORY),
    prepare,
  };
}
