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
    ...importing('sales/domain/#.ts', '../../platform/errors.js', '../../platform/event/cloud-event.js'),
    ...importing('sales/domain/#.ts', '../app/sell.js', '../http/sales.controller.js', '../messages/sale-events.js'),
    ...importing('sales/domain/#.ts', '../adapters/mongo-sales.js', '../sales.module.js'),
    ...importing('sales/domain/#.ts', 'node:fs', 'crypto', 'zod', 'uuid'),
    ...files('sales/domain/#.ts', `import type { Invoices } from '../app/invoices.js';`),
    ...files('sales/domain/#.ts', `export type * from '../../platform/event/cloud-event.js';`),
    ...files('sales/domain/#.ts', `export const late = () => import('../../platform/errors.js');`),
    ...importing('billing/domain/deep/#.ts', '../../messages/bill-messages.js'),
  ],
  'app-knows-domain-and-ports': [
    ...importing('sales/app/#.ts', '../http/sales.controller.js', '../adapters/mongo-sales.js', '../sales.module.js'),
    ...files('sales/app/#.ts', `import type { readInvoice } from '../messages/read-invoice.js';`),
    ...importing('sales/app/#.ts', '../../platform/mongodb/mongo-aggregates.js', '../../platform/kafka/kafka-bus.js'),
    ...importing('sales/app/#.ts', '../../platform/embedded/embedded-bus.js', '../../platform/http/server.js'),
    ...importing('sales/app/#.ts', '../../platform/bus/bus.js', '../../platform/outbox/relay.js'),
    ...importing('sales/app/#.ts', 'pino', 'inversify', 'node:http'),
  ],
  'http-knows-app-and-domain': [
    ...importing('sales/http/#.ts', '../adapters/mongo-sales.js', '../messages/read-invoice.js', '../sales.module.js'),
    ...importing('sales/http/#.ts', '../../platform/mongodb/mongo-aggregates.js', '../../platform/kafka/kafka-bus.js'),
    ...importing('sales/http/generated/#.ts', '../../../platform/embedded/embedded-bus.js'),
  ],
  'messages-know-app-and-domain': [
    ...importing('sales/messages/#.ts', '../adapters/mongo-sales.js', '../http/sales.controller.js'),
    ...importing('sales/messages/#.ts', '../../platform/kafka/kafka-bus.js', '../../platform/http/server.js'),
    ...importing('billing/messages/#.ts', '../../platform/mongodb/mongo-aggregates.js', '../billing.module.js'),
  ],
  'messages-take-only-types-of-app': [
    ...importing('sales/messages/#.ts', '../app/sell.js'),
    ...files('sales/messages/#.ts', `import { type Ports, sell } from '../app/sell.js';`),
  ],
  'adapters-know-neither-http-nor-kafka': [
    ...importing('sales/adapters/mongo-#.ts', '../http/sales.controller.js', '../sales.module.js'),
    ...importing('sales/adapters/#.ts', '../../platform/kafka/kafka-bus.js', '../../platform/http/server.js'),
  ],
  'only-the-module-names-adapters': [
    ...importing('#.ts', './sales/adapters/mongo-sales.js'),
    ...files('#.ts', `import type { EmbeddedBills } from './billing/adapters/embedded-bills.js';`),
  ],
  'every-file-is-in-a-room': [
    ...importing('sales/helpers/money.ts', './constants.js'),
    ...files('sales/helpers/constants.ts', `export const imported = 'and imports nothing';`),
    ...importing('sales/#.module.ts', './domain/sale.js'),
    ...importing('sales/index.ts', './domain/sale.js'),
    ...importing('shipping-#/index.ts', '../platform/errors.js'),
  ],
  'a-context-knows-no-other': [
    ...importing('#/domain/#.ts', '../../billing/domain/bill.js'),
    ...files('sales/domain/#.ts', `import type { Bill } from '../../billing/domain/bill.js';`),
    ...importing('sales/app/#.ts', '../../billing/domain/bill.js', '../../composition.js'),
    ...importing('sales/app/#.unit.spec.ts', '../../billing/domain/bill.js'),
    ...importing('sales/http/#.ts', '../../billing/domain/bill.js'),
    ...importing('sales/messages/#.ts', '../../billing/messages/bill-messages.js'),
    ...importing('billing/adapters/#.ts', '../../sales/adapters/embedded-sales.js'),
    ...importing('c#/c#.module.ts', '../billing/billing.module.js', '../main.js', '../sales/adapters/mongo-sales.js'),
  ],
  'platform-knows-no-context': [
    ...importing('platform/#.ts', '../sales/domain/sale.js', '../billing/billing.module.js', '../composition.js'),
    ...importing('platform/bus/#.contract.ts', '../../sales/domain/sale.js'),
    ...files('platform/bus/#.ts', `import type { Sale } from '../../sales/domain/sale.js';`),
    ...importing('platform/http/#.ts', '../../sales/http/generated/routes.js'),
  ],
  'platform-adapters-are-behind-ports': [
    ...files('platform/bus/#.ts', `import type { kafkaBus } from '../kafka/kafka-bus.js';`),
    ...files('platform/aggregate/#.ts', `import type { MongoStore } from '../mongodb/mongo-aggregates.js';`),
    ...importing('platform/projection/#.ts', '../embedded/embedded-bus.js'),
    ...importing('platform/listing/#.ts', '../mongodb/mongo-aggregates.js'),
    ...importing('platform/outbox/#.ts', '../kafka/kafka-bus.js'),
    ...importing('platform/#.ts', './embedded/embedded-bus.js'),
  ],
  'platform-adapters-are-apart': [
    ...importing('platform/kafka/#.ts', '../mongodb/mongo-aggregates.js'),
    ...importing('platform/mongodb/#.ts', '../embedded/embedded-bus.js'),
    ...importing('platform/embedded/#.ts', '../kafka/kafka-bus.js'),
  ],
  'kafkajs-only-in-platform-kafka': [
    ...files('platform/outbox/#.ts', `import type { Kafka } from 'kafkajs';`),
    ...importing('platform/embedded/#.ts', 'kafkajs'),
    ...importing('sales/http/#.ts', 'kafkajs'),
    ...importing('sales/messages/#.ts', 'kafkajs'),
    ...importing('sales/adapters/#.ts', 'kafkajs'),
    ...importing('c#/c#.module.ts', 'kafkajs'),
    ...importing('#.ts', 'kafkajs'),
  ],
  'mongodb-only-in-mongodb-adapters': [
    ...files('platform/outbox/#.ts', `import type { Db } from 'mongodb';`),
    ...importing('sales/http/#.ts', 'mongodb'),
    ...importing('sales/messages/#.ts', 'mongodb'),
    ...files('sales/adapters/embedded-#.ts', `import type { Db } from 'mongodb';`),
    ...importing('c#/c#.module.ts', 'mongodb'),
    ...importing('#.ts', 'mongodb'),
  ],
  'level-only-in-embedded-adapters': [
    ...files('platform/outbox/#.ts', `import type { AbstractLevel } from 'abstract-level';`),
    ...importing('platform/kafka/#.ts', 'memory-level'),
    ...importing('sales/http/#.ts', 'memory-level'),
    ...importing('sales/messages/#.ts', 'memory-level'),
    ...files('sales/adapters/mongo-#.ts', `import type { ClassicLevel } from 'classic-level';`),
    ...importing('#.ts', 'classic-level'),
  ],
  'jose-only-in-platform-auth': [
    ...files('platform/http/#.ts', `import type { JWTPayload } from 'jose';`),
    ...importing('sales/http/#.ts', 'jose'),
    ...importing('#.ts', 'jose'),
  ],
  'context-adapters-take-only-types-of-drivers': [
    ...files('sales/adapters/mongo-#.ts', `import { MongoClient } from 'mongodb';`),
    ...files('sales/adapters/embedded-#.ts', `import { MemoryLevel } from 'memory-level';`),
  ],
  'http-packages-only-at-the-edge': [
    ...files('platform/outbox/#.ts', `import type { Request } from 'express';`),
    ...importing('platform/bus/#.ts', 'helmet'),
    ...importing('sales/adapters/#.ts', 'express'),
    ...importing('sales/messages/#.ts', '@tsoa/runtime', 'swagger-ui-express'),
    ...importing('c#/c#.module.ts', '@tsoa/runtime'),
  ],
  'no-dev-dependencies': importing('#.ts', 'prettier', 'dependency-cruiser', 'tsoa'),
  'no-unlisted-packages': importing('platform/kafka/#.ts', 'semver'),
  'no-cycles': [
    ...importing('platform/bus/chicken.ts', './egg.js'),
    ...files('platform/bus/egg.ts', `import type { Chicken } from './chicken.js';`),
  ],
  'no-orphans': files('platform/outbox/#.ts', `export const lonely = 1;`),
  'no-unresolvable': importing('platform/outbox/#.ts', './nowhere.js', 'no-such-package'),
  'src-knows-no-test-folder': importing('#.ts', '../test/helpers.js', '../bench/load.js'),
  'only-tests-know-tests': [
    ...importing('#.ts', './sales/app/sell.unit.spec.js'),
    ...importing('platform/outbox/#.ts', '../bus/bus.contract.js'),
  ],
};
