import { aggregate, defineContext, projection, provide, reaction } from '../platform/index.js';
import { CancelOrder } from './app/cancel-order.js';
import { CopyCustomerOnCustomerChanged } from './app/copy-customer-on-customer-changed.js';
import { GetCustomerWithOrders } from './app/get-customer-with-orders.js';
import { GetOrder } from './app/get-order.js';
import { ListOrders } from './app/list-orders.js';
import { PlaceOrder } from './app/place-order.js';
import { CUSTOMERS, ORDER_HISTORY, ORDER_LIST, ORDERS } from './app/ports.js';
import { RedactOrdersOnCustomerErased } from './app/redact-orders-on-customer-erased.js';
import { ShipOrder } from './app/ship-order.js';
import { OrderNotFound } from './domain/errors.js';
import { CustomersInOrdersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';
import { OrdersController } from './http/orders.controller.js';
import {
  CUSTOMER_CHANGES,
  CUSTOMER_ERASED,
  CUSTOMER_KEYS,
  NEEDED_OF_CUSTOMER_CHANGES,
  readCustomerChange,
} from './messages/customer-changes.js';
import { orderEvents } from './messages/order-events.js';

export const orders = defineContext({
  name: 'orders',
  purpose: "the system of record for customers' orders",
  aggregates: [
    aggregate({
      port: ORDERS,
      collection: 'customer.orders',
      events: orderEvents,
      list: {
        port: ORDER_LIST,
        indexes: [['customerId', 'createdAt'], ['status', 'createdAt'], ['createdAt'], ['updatedAt']],
      },
      history: {
        port: ORDER_HISTORY,
        collection: 'order.history',
        route: {
          path: '/orders/{orderId}/history',
          ...{ tag: 'Orders', scope: 'orders:read', notFound: OrderNotFound },
          owners: { scope: 'orders:self', ownerOf: ({ customerId }) => customerId },
        },
      },
    }),
  ],
  projections: [projection({ port: CUSTOMERS, collection: 'customers' })],
  useCases: [
    provide(PlaceOrder, [ORDERS, CUSTOMERS]),
    provide(ShipOrder, [ORDERS, CUSTOMERS]),
    provide(CancelOrder, [ORDERS, CUSTOMERS]),
    provide(GetOrder, [ORDERS]),
    provide(ListOrders, [ORDER_LIST]),
    provide(GetCustomerWithOrders, [CUSTOMERS, ORDER_LIST]),
    provide(CopyCustomerOnCustomerChanged, [CUSTOMERS]),
    provide(RedactOrdersOnCustomerErased, [ORDERS, ORDER_LIST]),
  ],
  reactions: [
    reaction({
      topic: CUSTOMER_CHANGES,
      keys: CUSTOMER_KEYS,
      summary: 'orders updates its copy of the customers and redacts the orders of erased customers',
      needs: NEEDED_OF_CUSTOMER_CHANGES,
      needsEach: [CUSTOMER_ERASED],
      read: readCustomerChange,
      erasing: [CUSTOMER_ERASED],
      project: CopyCustomerOnCustomerChanged,
      react: RedactOrdersOnCustomerErased,
    }),
  ],
  http: {
    controllers: [
      provide(OrdersController, [PlaceOrder, ShipOrder, CancelOrder, GetOrder, ListOrders]),
      provide(CustomersInOrdersController, [GetCustomerWithOrders]),
    ],
    registerRoutes: RegisterRoutes,
    openApi: new URL('./http/generated/openapi.json', import.meta.url),
  },
});
