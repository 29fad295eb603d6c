import { readFileSync } from 'node:fs';
import { ContainerModule } from 'inversify';
import { type BoundedContext, type Database, PLATFORM } from '../platform/context.js';
import type { OpenApiDocument } from '../platform/http/openapi.js';
import type { Subscription } from '../platform/subscriber/subscription.js';
import { embeddedAdapters } from './adapters/embedded.js';
import { mongoAdapters } from './adapters/mongodb.js';
import { CopyCustomerOnCustomerChanged } from './app/copy-customer-on-customer-changed.js';
import { GetCustomerWithOrders } from './app/get-customer-with-orders.js';
import { GetOrder } from './app/get-order.js';
import { PlaceOrder } from './app/place-order.js';
import { ShipOrder } from './app/ship-order.js';
import type { Customer } from './domain/customer.js';
import { CustomersInOrdersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';
import { OrdersController } from './http/orders.controller.js';
import { CUSTOMER_CHANGES, readCustomerChange } from './messages/customer-changes.js';

const openApi = new URL('./http/generated/openapi.json', import.meta.url);

/** The system of record for customers' orders. */
export const orders: BoundedContext = {
  name: 'orders',
  http: {
    openApi: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    registerRoutes: RegisterRoutes,
  },
  bindings: (database: Database) =>
    new ContainerModule(({ bind }) => {
      const adapters = database.kind === 'mongodb' ? mongoAdapters(database.db) : embeddedAdapters(database.level);
      const copy = new CopyCustomerOnCustomerChanged(adapters.customers);
      const copying: Subscription<Customer> = {
        topic: CUSTOMER_CHANGES,
        group: 'orders',
        read: readCustomerChange,
        react: (customers) => copy.execute(customers),
      };
      bind(PLATFORM.preparation).toConstantValue(adapters.prepare);
      bind(PLATFORM.outbox).toConstantValue(adapters.orders);
      bind(PLATFORM.subscription).toConstantValue(copying as Subscription);
      bind(GetOrder).toConstantValue(new GetOrder(adapters.orders));
      bind(ShipOrder).toConstantValue(new ShipOrder(adapters.orders, adapters.customers));
      bind(PlaceOrder).toResolvedValue(
        (stopping) => new PlaceOrder(adapters.orders, adapters.customers, stopping),
        [PLATFORM.stopping],
      );
      bind(GetCustomerWithOrders).toResolvedValue(
        (stopping) => new GetCustomerWithOrders(adapters.customers, adapters.orderList, stopping),
        [PLATFORM.stopping],
      );
      bind(OrdersController).toResolvedValue(
        (place, ship, get) => new OrdersController(place, ship, get),
        [PlaceOrder, ShipOrder, GetOrder],
      );
      bind(CustomersInOrdersController).toResolvedValue(
        (get) => new CustomersInOrdersController(get),
        [GetCustomerWithOrders],
      );
    }),
};
