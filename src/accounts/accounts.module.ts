import { readFileSync } from 'node:fs';
import { ContainerModule } from 'inversify';
import { readMessageFiles } from '../platform/async-api/event-api.js';
import { type BoundedContext, type Database, PLATFORM } from '../platform/context.js';
import type { RecordedChange } from '../platform/history/history.js';
import { recordedChangeReader } from '../platform/history/read-recorded-change.js';
import type { OpenApiDocument } from '../platform/http/openapi.js';
import { keepDroppingExpired } from '../platform/replay/inspection.js';
import type { SystemOfRecord } from '../platform/replay/replayable.js';
import type { Subscription } from '../platform/subscriber/subscription.js';
import { embeddedAdapters } from './adapters/embedded.js';
import { mongoAdapters } from './adapters/mongodb.js';
import { ChangeCustomer } from './app/change-customer.js';
import { EraseCustomer } from './app/erase-customer.js';
import { GetCustomer } from './app/get-customer.js';
import { GetCustomerHistory } from './app/get-customer-history.js';
import { ListCustomers } from './app/list-customers.js';
import { RecordHistoryOnCustomerChange } from './app/record-history-on-customer-change.js';
import { RegisterCustomer } from './app/register-customer.js';
import type { CustomerRecord } from './domain/customer.js';
import { CustomersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';
import { customerEvents } from './messages/customer-events.js';
import { customerUpcasters } from './messages/customer-upcasters.js';

const openApi = new URL('./http/generated/openapi.json', import.meta.url);
const messages = readMessageFiles(new URL('./messages/', import.meta.url));
const changes = { topic: customerEvents.topic, group: 'accounts' };
const STATE = 'customer';
const readChange = recordedChangeReader<CustomerRecord>({
  stream: customerEvents,
  member: STATE,
  schemas: messages.schemas,
  upcasters: customerUpcasters,
});
const adaptersOver = (database: Database) =>
  database.kind === 'mongodb' ? mongoAdapters(database.db) : embeddedAdapters(database.level);

/** The accounts context, as the process runs it. */
export const accounts: BoundedContext = {
  name: 'accounts',
  purpose: 'the system of record for customers',
  http: {
    openApi: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    registerRoutes: RegisterRoutes,
  },
  events: {
    publishes: [customerEvents],
    ...messages,
    reads: [{ ...changes, summary: 'accounts records the history of its customers' }],
  },
  replay: (database: Database) => {
    const { customers, history, prepare } = adaptersOver(database);
    const record = new RecordHistoryOnCustomerChange(history);
    const projecting: Subscription<RecordedChange<CustomerRecord>> = {
      ...changes,
      read: readChange,
      react: async (changes) => {
        await Promise.all([customers.restore(changes), record.execute(changes)]);
      },
    };
    const [states, entries] = [customers.audit(), history.audit()];
    const store = customers as unknown as SystemOfRecord['store'];
    return {
      projections: [projecting as Subscription],
      systemsOfRecord: [{ stream: customerEvents, member: STATE, store, states, recorded: { history, entries } }],
      erasing: ['accounts.customer.erased'],
      collections: [states, entries],
      prepare,
    };
  },
  bindings: (database: Database) =>
    new ContainerModule(({ bind }) => {
      const { customers, customerList, history, prepare } = adaptersOver(database);
      const record = new RecordHistoryOnCustomerChange(history);
      const recording: Subscription<RecordedChange<CustomerRecord>> = {
        ...changes,
        read: readChange,
        react: async (changes) => {
          await record.execute(changes);
          if (changes.some(({ state }) => 'erased' in state)) await database.dropInspections();
        },
      };

      bind(PLATFORM.preparation).toConstantValue(prepare);
      bind(PLATFORM.preparation).toResolvedValue(
        (stopping) => () => keepDroppingExpired(database, stopping),
        [PLATFORM.stopping],
      );
      bind(PLATFORM.outbox).toConstantValue(customers);
      bind(PLATFORM.commandRetention).toConstantValue(customers);
      bind(PLATFORM.history).toConstantValue({ topic: customerEvents.topic, history });
      bind(PLATFORM.subscription).toConstantValue(recording as Subscription);

      bind(CustomersController).toDynamicValue(
        () =>
          new CustomersController(
            new RegisterCustomer(customers),
            new ChangeCustomer(customers),
            new EraseCustomer(customers),
            new GetCustomer(customers, history),
            new ListCustomers(customerList),
            new GetCustomerHistory(customers, history),
          ),
      );
    }),
};
