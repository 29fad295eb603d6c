import { readFileSync } from 'node:fs';
import { ContainerModule } from 'inversify';
import { readMessageFiles } from '../platform/async-api/event-api.js';
import { type BoundedContext, type Database, PLATFORM } from '../platform/context.js';
import type { HistoryEntry, RecordedChange } from '../platform/history/history.js';
import { recordedChangeReader } from '../platform/history/read-recorded-change.js';
import type { OpenApiDocument } from '../platform/http/openapi.js';
import { Arrivals } from '../platform/projection/arrivals.js';
import { keepDroppingExpired } from '../platform/replay/inspection.js';
import type { SystemOfRecord } from '../platform/replay/replayable.js';
import type { Subscription } from '../platform/subscriber/subscription.js';
import { embeddedAdapters } from './adapters/embedded.js';
import { mongoAdapters } from './adapters/mongodb.js';
import { CancelOrder } from './app/cancel-order.js';
import { CopyCustomerOnCustomerChanged } from './app/copy-customer-on-customer-changed.js';
import { GetCustomerWithOrders } from './app/get-customer-with-orders.js';
import { GetOrder } from './app/get-order.js';
import { GetOrderHistory } from './app/get-order-history.js';
import { ListOrders } from './app/list-orders.js';
import { PlaceOrder } from './app/place-order.js';
import { RecordHistoryOnOrderChange } from './app/record-history-on-order-change.js';
import { RedactOrdersOnCustomerErased } from './app/redact-orders-on-customer-erased.js';
import { ShipOrder } from './app/ship-order.js';
import type { CustomerRecord } from './domain/customer.js';
import type { Order } from './domain/order.js';
import { CustomersInOrdersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';
import { OrdersController } from './http/orders.controller.js';
import { CUSTOMER_CHANGES, NEEDED_OF_CUSTOMER_CHANGES, readCustomerChange } from './messages/customer-changes.js';
import { orderEvents } from './messages/order-events.js';

const openApi = new URL('./http/generated/openapi.json', import.meta.url);
const messages = readMessageFiles(new URL('./messages/', import.meta.url));
const customerChanges = { topic: CUSTOMER_CHANGES, group: 'orders' };
const orderChanges = { topic: orderEvents.topic, group: 'orders' };
const STATE = 'order';
const readOrderChange = recordedChangeReader<Order>({
  stream: orderEvents,
  member: STATE,
  schemas: messages.schemas,
});
const adaptersOver = (database: Database) =>
  database.kind === 'mongodb' ? mongoAdapters(database.db) : embeddedAdapters(database.level);

/** The orders context, as the process runs it. */
export const orders: BoundedContext = {
  name: 'orders',
  purpose: "the system of record for customers' orders",
  http: {
    openApi: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    registerRoutes: RegisterRoutes,
  },
  events: {
    publishes: [orderEvents],
    ...messages,
    reads: [
      { ...customerChanges, summary: 'orders keeps a copy of the customers', needs: NEEDED_OF_CUSTOMER_CHANGES },
      { ...orderChanges, summary: 'orders records the history of its orders' },
    ],
  },
  replay: (database: Database) => {
    const { orders: own, history, customers, prepare } = adaptersOver(database);
    const copy = new CopyCustomerOnCustomerChanged(customers, new Arrivals());
    const record = new RecordHistoryOnOrderChange(history);
    const copying: Subscription<CustomerRecord> = {
      ...customerChanges,
      read: readCustomerChange,
      react: (changed) => copy.execute(changed),
    };
    const projecting: Subscription<RecordedChange<Order>> = {
      ...orderChanges,
      read: readOrderChange,
      react: async (changes) => {
        await Promise.all([own.restore(changes), record.execute(changes)]);
      },
    };
    const [states, entries] = [own.audit(), history.audit()];
    const store = own as unknown as SystemOfRecord['store'];
    return {
      projections: [copying as Subscription, projecting as Subscription],
      systemsOfRecord: [{ stream: orderEvents, member: STATE, store, states, recorded: { history, entries } }],
      erasing: ['accounts.customer.erased', 'orders.order.redacted'],
      collections: [states, entries, customers.audit()],
      prepare,
    };
  },
  bindings: (database: Database) =>
    new ContainerModule(({ bind }) => {
      const adapters = adaptersOver(database);
      const arrivals = new Arrivals();
      const copy = new CopyCustomerOnCustomerChanged(adapters.customers, arrivals);
      const redact = new RedactOrdersOnCustomerErased(adapters.orders, adapters.orderList);
      const record = new RecordHistoryOnOrderChange(adapters.history);
      const copying: Subscription<CustomerRecord> = {
        ...customerChanges,
        read: readCustomerChange,
        react: async (customers, lease) => {
          await copy.execute(customers);
          await redact.execute(customers, () => lease.heartbeat());
          if (customers.some((customer) => 'erased' in customer)) await database.dropInspections();
        },
      };
      const recording: Subscription<HistoryEntry> = {
        ...orderChanges,
        read: readOrderChange,
        react: (changes) => record.execute(changes),
      };

      bind(PLATFORM.preparation).toConstantValue(adapters.prepare);
      bind(PLATFORM.preparation).toResolvedValue(
        (stopping) => () => keepDroppingExpired(database, stopping),
        [PLATFORM.stopping],
      );
      bind(PLATFORM.outbox).toConstantValue(adapters.orders);
      bind(PLATFORM.commandRetention).toConstantValue(adapters.orders);
      bind(PLATFORM.history).toConstantValue({ topic: orderEvents.topic, history: adapters.history });
      bind(PLATFORM.subscription).toConstantValue(copying as Subscription);
      bind(PLATFORM.subscription).toConstantValue(recording as Subscription);

      bind(OrdersController).toResolvedValue(
        (stopping) =>
          new OrdersController(
            new PlaceOrder(adapters.orders, adapters.customers, arrivals, stopping),
            new ShipOrder(adapters.orders, adapters.customers),
            new CancelOrder(adapters.orders, adapters.customers),
            new GetOrder(adapters.orders),
            new ListOrders(adapters.orderList),
            new GetOrderHistory(adapters.orders, adapters.history),
          ),
        [PLATFORM.stopping],
      );
      bind(CustomersInOrdersController).toResolvedValue(
        (stopping) =>
          new CustomersInOrdersController(
            new GetCustomerWithOrders(adapters.customers, adapters.orderList, arrivals, stopping),
          ),
        [PLATFORM.stopping],
      );
    }),
};
