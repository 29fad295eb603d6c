import { readFileSync } from 'node:fs';
import { ContainerModule } from 'inversify';
import { type BoundedContext, type Database, PLATFORM } from '../platform/context.js';
import type { OpenApiDocument } from '../platform/http/openapi.js';
import { embeddedAdapters } from './adapters/embedded.js';
import { mongoAdapters } from './adapters/mongodb.js';
import { ChangeCustomer } from './app/change-customer.js';
import { GetCustomer } from './app/get-customer.js';
import { RegisterCustomer } from './app/register-customer.js';
import { CustomersController } from './http/customers.controller.js';
import { RegisterRoutes } from './http/generated/routes.js';

const openApi = new URL('./http/generated/openapi.json', import.meta.url);

/** The system of record for customers. */
export const accounts: BoundedContext = {
  name: 'accounts',
  http: {
    openApi: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    registerRoutes: RegisterRoutes,
  },
  bindings: (database: Database) =>
    new ContainerModule(({ bind }) => {
      const { customers, prepare } =
        database.kind === 'mongodb' ? mongoAdapters(database.db) : embeddedAdapters(database.level);
      bind(PLATFORM.preparation).toConstantValue(prepare);
      bind(PLATFORM.outbox).toConstantValue(customers);
      bind(RegisterCustomer).toConstantValue(new RegisterCustomer(customers));
      bind(ChangeCustomer).toConstantValue(new ChangeCustomer(customers));
      bind(GetCustomer).toConstantValue(new GetCustomer(customers));
      bind(CustomersController).toResolvedValue(
        (register, change, get) => new CustomersController(register, change, get),
        [RegisterCustomer, ChangeCustomer, GetCustomer],
      );
    }),
};
