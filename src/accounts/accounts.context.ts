import { aggregate, defineContext, provide } from '../platform/index.js';
import { ChangeCustomer } from './app/change-customer.js';
import { AttestErasure } from './app/attest-erasure.js';
import { CUSTOMER_ERASURES, CUSTOMER_HISTORY, CUSTOMER_LIST, CUSTOMERS } from './app/customers.js';
import { EraseCustomer } from './app/erase-customer.js';
import { GetCustomer } from './app/get-customer.js';
import { ListCustomers } from './app/list-customers.js';
import { RegisterCustomer } from './app/register-customer.js';
import { CustomerNotFound } from './domain/errors.js';
import { CustomersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';
import { customerEvents } from './messages/customer-events.js';

/** `erased` leads each index: otherwise every list by name would first read and skip all erased customers. */
const existingBy = (path: string) => ['erased', path];

export const accounts = defineContext({
  name: 'accounts',
  purpose: 'the system of record for customers',
  aggregates: [
    aggregate({
      port: CUSTOMERS,
      collection: 'customer.accounts',
      events: customerEvents,
      list: {
        port: CUSTOMER_LIST,
        indexes: ['contact.email', 'name.lastName', 'addresses.postalCode', 'createdAt', 'updatedAt'].map(existingBy),
      },
      history: {
        port: CUSTOMER_HISTORY,
        collection: 'customer.history',
        keepsStates: true,
        route: {
          path: '/accounts/customers/{customerId}/history',
          description: 'Remains available after an erasure: it contains no personal data of the customer.',
          ...{ tag: 'Customers', scope: 'customers:read', notFound: CustomerNotFound },
          owners: { scope: 'customers:self', ownerOf: ({ id }) => id },
        },
      },
      erasures: { port: CUSTOMER_ERASURES, collection: 'customer.erasures' },
    }),
  ],
  useCases: [
    provide(RegisterCustomer, [CUSTOMERS]),
    provide(ChangeCustomer, [CUSTOMERS]),
    provide(EraseCustomer, [CUSTOMERS]),
    provide(AttestErasure, [CUSTOMER_ERASURES]),
    provide(GetCustomer, [CUSTOMERS, CUSTOMER_HISTORY]),
    provide(ListCustomers, [CUSTOMER_LIST]),
  ],
  http: {
    controllers: [
      provide(CustomersController, [
        RegisterCustomer,
        ChangeCustomer,
        EraseCustomer,
        AttestErasure,
        GetCustomer,
        ListCustomers,
      ]),
    ],
    registerRoutes: RegisterRoutes,
    openApi: new URL('./http/generated/openapi.json', import.meta.url),
  },
});
