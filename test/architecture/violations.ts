/** A file that breaks one rule, added to the lawful tree. */
export interface Violation {
  readonly file: string;
  readonly content: string;
}

let planted = 0;

/** A file for each statement; `#` in its name is a number of its own. */
function files(file: string, ...contents: string[]): Violation[] {
  return contents.map((content) => ({ file: `src/${file}`.replaceAll('#', String((planted += 1))), content }));
}

const importing = (file: string, ...modules: string[]): Violation[] =>
  files(file, ...modules.map((module) => `import '${module}';`));

/** By rule of .dependency-cruiser.mjs. A rule with none here fails the test. */
export const violations: Readonly<Record<string, readonly Violation[]>> = {
  'domain-knows-only-itself': [
    ...importing('sales/domain/#.ts', '../../platform/index.js'),
    ...importing('sales/domain/#.ts', '../app/sell.js', '../http/sales.controller.js', '../messages/read-invoice.js'),
    ...importing('sales/domain/#.ts', '../sales.context.js'),
    ...importing('sales/domain/#.ts', 'node:fs', 'crypto', 'zod', 'uuid'),
    ...files('sales/domain/#.ts', `import type { Invoices } from '../app/invoices.js';`),
    ...files('sales/domain/#.ts', `export type * from '../../platform/index.js';`),
    ...files('sales/domain/#.ts', `export const late = () => import('../../platform/index.js');`),
    ...importing('billing/domain/deep/#.ts', '../../messages/bill-messages.js'),
  ],
  'app-knows-domain-and-ports': [
    ...importing('sales/app/#.ts', '../http/sales.controller.js', '../adapters/mongo-sales.js', '../sales.context.js'),
    ...files('sales/app/#.ts', `import type { readInvoice } from '../messages/read-invoice.js';`),
    ...importing('sales/app/#.ts', '../../platform/http.js'),
    ...importing('sales/app/#.ts', 'pino', 'inversify', 'node:http'),
  ],
  'http-knows-app-and-domain': [
    ...importing('sales/http/#.ts', '../adapters/mongo-sales.js', '../messages/read-invoice.js', '../sales.context.js'),
  ],
  'messages-know-app-and-domain': [
    ...importing('sales/messages/#.ts', '../adapters/mongo-sales.js', '../http/sales.controller.js'),
    ...importing('sales/messages/#.ts', '../../platform/http.js'),
    ...importing('billing/messages/#.ts', '../billing.context.js'),
  ],
  'messages-take-only-types-of-app': [
    ...importing('sales/messages/#.ts', '../app/sell.js'),
    ...files('sales/messages/#.ts', `import { type Ports, sell } from '../app/sell.js';`),
  ],
  'adapters-know-app-and-domain': [
    ...importing('sales/adapters/#.ts', '../http/sales.controller.js', '../messages/read-invoice.js'),
    ...importing('sales/adapters/#.ts', '../../platform/http.js', '../sales.context.js'),
  ],
  'only-the-declaration-names-adapters': [
    ...importing('#.ts', './sales/adapters/mongo-sales.js'),
    ...files('#.ts', `import type { mongoSales } from './sales/adapters/mongo-sales.js';`),
  ],
  'contexts-know-the-faces-of-platform': [
    ...importing('sales/app/#.ts', '../../platform/aggregate/aggregates.js', '../../platform/embedded/bus.js'),
    ...importing('sales/app/#.unit.spec.ts', '../../platform/testing/items.js', '../../platform/log/bus.js'),
    ...importing('sales/http/#.ts', '../../platform/http/server.js', '../../platform/kafka/bus.js'),
    ...importing('sales/messages/#.ts', '../../platform/event/cloud-event.js'),
    ...importing('sales/adapters/#.ts', '../../platform/mongodb/aggregates.js'),
    ...files('sales/messages/#.ts', `import type { Bus } from '../../platform/log/bus.js';`),
    ...importing('c#/c#.context.ts', '../platform/run.js', '../platform/mongodb/aggregates.js'),
  ],
  'every-file-is-in-a-room': [
    ...importing('sales/helpers/money.ts', './constants.js'),
    ...files('sales/helpers/constants.ts', `export const imported = 'and imports nothing';`),
    ...importing('sales/#.context.ts', './domain/sale.js'),
    ...importing('sales/index.ts', './domain/sale.js'),
    ...importing('shipping-#/index.ts', '../platform/index.js'),
  ],
  'a-context-knows-no-other': [
    ...importing('#/domain/#.ts', '../../billing/domain/bill.js'),
    ...files('sales/domain/#.ts', `import type { Bill } from '../../billing/domain/bill.js';`),
    ...importing('sales/app/#.ts', '../../billing/domain/bill.js', '../../contexts.js'),
    ...importing('sales/app/#.unit.spec.ts', '../../billing/domain/bill.js'),
    ...importing('sales/http/#.ts', '../../billing/domain/bill.js'),
    ...importing('sales/messages/#.ts', '../../billing/messages/bill-messages.js'),
    ...importing('billing/adapters/#.ts', '../../sales/adapters/mongo-sales.js'),
    ...importing('c#/c#.context.ts', '../billing/billing.context.js', '../main.js', '../sales/adapters/mongo-sales.js'),
  ],
  'platform-knows-no-context': [
    ...importing('platform/#.ts', '../sales/domain/sale.js', '../billing/billing.context.js', '../contexts.js'),
    ...importing('platform/log/#.contract.ts', '../../sales/domain/sale.js'),
    ...files('platform/log/#.ts', `import type { Sale } from '../../sales/domain/sale.js';`),
    ...importing('platform/http/#.ts', '../../sales/http/generated/routes.js'),
    ...importing('platform/process/#.ts', '../../contexts.js'),
  ],
  'platform-adapters-are-behind-ports': [
    ...files('platform/log/#.ts', `import type { kafkaBus } from '../kafka/bus.js';`),
    ...files('platform/aggregate/#.ts', `import type { MongoStore } from '../mongodb/aggregates.js';`),
    ...importing('platform/outbox/#.ts', '../kafka/bus.js'),
    ...importing('platform/http/#.ts', '../embedded/bus.js'),
    ...importing('platform/#.ts', './embedded/bus.js'),
  ],
  'platform-adapters-are-apart': [
    ...importing('platform/kafka/#.ts', '../mongodb/aggregates.js'),
    ...importing('platform/mongodb/#.ts', '../embedded/bus.js'),
    ...importing('platform/embedded/#.ts', '../kafka/bus.js'),
  ],
  'kafka-clients-only-in-platform-kafka': [
    ...files('platform/outbox/#.ts', `import type { Kafka } from 'kafkajs';`),
    ...importing('platform/embedded/#.ts', 'kafkajs'),
    ...importing('sales/http/#.ts', 'kafkajs'),
    ...importing('sales/messages/#.ts', 'kafkajs'),
    ...importing('sales/adapters/#.ts', 'kafkajs'),
    ...importing('c#/c#.context.ts', 'kafkajs'),
    ...importing('#.ts', 'kafkajs'),
  ],
  'mongodb-only-in-mongodb-adapters': [
    ...files('platform/outbox/#.ts', `import type { Db } from 'mongodb';`),
    ...importing('sales/http/#.ts', 'mongodb'),
    ...importing('sales/messages/#.ts', 'mongodb'),
    ...importing('c#/c#.context.ts', 'mongodb'),
    ...importing('#.ts', 'mongodb'),
  ],
  'level-only-in-embedded-adapters': [
    ...files('platform/outbox/#.ts', `import type { AbstractLevel } from 'abstract-level';`),
    ...importing('platform/kafka/#.ts', 'memory-level'),
    ...importing('sales/http/#.ts', 'memory-level'),
    ...importing('sales/messages/#.ts', 'memory-level'),
    ...importing('#.ts', 'classic-level'),
  ],
  'jose-only-in-platform-auth': [
    ...files('platform/http/#.ts', `import type { JWTPayload } from 'jose';`),
    ...importing('sales/http/#.ts', 'jose'),
    ...importing('#.ts', 'jose'),
  ],
  'opentelemetry-sdk-only-in-trace-export': [
    ...importing('platform/operating/#.ts', '@opentelemetry/sdk-trace-base', '@opentelemetry/resources'),
    ...files('platform/process/#.ts', `export const late = () => import('@opentelemetry/sdk-trace-base');`),
    ...files('platform/outbox/#.ts', `import type { ExportResult } from '@opentelemetry/core';`),
  ],
  'trace-export-only-on-demand': [
    ...importing('platform/operating/#.ts', './trace-export.js'),
    ...files('platform/process/#.ts', `export { openTraceExport } from '../operating/trace-export.js';`),
  ],
  'http-packages-only-at-the-edge': [
    ...files('platform/outbox/#.ts', `import type { Request } from 'express';`),
    ...importing('platform/log/#.ts', 'helmet'),
    ...importing('sales/adapters/#.ts', 'express'),
    ...importing('sales/messages/#.ts', '@tsoa/runtime', 'swagger-ui-express'),
    ...importing('c#/c#.context.ts', '@tsoa/runtime'),
  ],
  'no-dev-dependencies': [
    ...importing('#.ts', 'prettier', 'dependency-cruiser'),
    ...importing('sales/http/#.ts', 'tsoa'),
  ],
  'no-unlisted-packages': importing('platform/kafka/#.ts', 'debug'),
  'no-cycles': [
    ...importing('platform/log/chicken.ts', './egg.js'),
    ...files('platform/log/egg.ts', `import type { Chicken } from './chicken.js';`),
  ],
  'no-orphans': files('platform/outbox/#.ts', `export const lonely = 1;`),
  'no-unresolvable': importing('platform/outbox/#.ts', './nowhere.js', 'no-such-package'),
  'src-knows-no-test-folder': [
    ...importing('#.ts', '../test/helpers.js', '../bench/load.js'),
    ...importing('platform/log/#.unit.spec.ts', '../../../test/helpers.js'),
  ],
  'only-tests-know-tests': [
    ...importing('#.ts', './sales/app/sell.unit.spec.js'),
    ...importing('platform/outbox/#.ts', '../log/bus.contract.js', '../testing/items.js', '../testing.js'),
    ...importing('sales/app/#.ts', '../../platform/testing.js'),
    ...importing('c#/c#.context.ts', '../platform/testing.js'),
  ],
};
