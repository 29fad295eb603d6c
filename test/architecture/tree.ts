/**
 * A small src/ that keeps every rule, with at least one import of each kind that a rule has to let pass. Its contexts
 * are not this project's: the rules must hold for any.
 */
export const lawfulTree: Readonly<Record<string, string>> = {
  'src/main.ts': `
    import type { Options } from 'prettier';
    import { CONTEXTS } from './contexts.js';
    import { run } from './platform/run.js';
    export const options: Options = {};
    run(CONTEXTS);`,
  'src/contexts.ts': `
    import { billing } from './billing/billing.context.js';
    import { sales } from './sales/sales.context.js';
    export const CONTEXTS = [billing, sales];`,

  'src/platform/globals.d.ts': `declare const BUILD: string;`,
  'src/platform/index.ts': `
    export { changeAggregate } from './aggregate/change-aggregate.js';
    export type { Aggregates } from './aggregate/aggregates.js';
    export { newId } from './event/cloud-event.js';
    export { PlatformError } from './tools/errors.js';`,
  'src/platform/http.ts': `export { server } from './http/server.js';`,
  'src/platform/testing.ts': `
    import '@jest/globals';
    import './embedded/bus.js';
    import './process/process.js';
    export { busContract } from './log/bus.contract.js';
    export { item } from './testing/items.js';`,
  'src/platform/testing/items.ts': `
    import 'fast-check';
    import '../embedded/bus.js';
    export const item = 1;`,
  'src/platform/run.ts': `
    import { serve } from './commands/serve.js';
    export const run = (contexts: unknown[]) => serve(contexts);`,
  'src/platform/commands/serve.ts': `
    import '../embedded/aggregates.js';
    import { startProcess } from '../process/process.js';
    export const serve = (contexts: unknown[]) => startProcess(contexts);`,
  'src/platform/process/process.ts': `
    import type { Express } from 'express';
    import '../embedded/bus.js';
    import '../http/server.js';
    import '../kafka/bus.js';
    import '../mongodb/aggregates.js';
    import { startTraces } from '../operating/traces.js';
    import '../outbox/relay.js';
    void startTraces();
    export const startProcess = (_contexts: unknown[]) => undefined as Express | undefined;`,
  'src/platform/tools/errors.ts': `export class PlatformError extends Error {}`,
  'src/platform/operating/traces.ts': `
    import '@opentelemetry/api';
    import type { Service } from './trace-export.js';
    export const startTraces = async (): Promise<Service> => (await import('./trace-export.js')).service;`,
  'src/platform/operating/trace-export.ts': `
    import '@opentelemetry/sdk-trace-base';
    export type Service = string;
    export const service: Service = '';`,
  'src/platform/event/cloud-event.ts': `
    import { randomUUID } from 'node:crypto';
    import '../tools/errors.js';
    export const newId = () => randomUUID();`,
  'src/platform/log/bus.ts': `
    import type { newId } from '../event/cloud-event.js';
    export type Bus = typeof newId;`,
  'src/platform/log/bus.contract.ts': `
    import { it } from '@jest/globals';
    import '../testing/items.js';
    import type { Bus } from './bus.js';
    export const busContract = (_: Bus) => it;`,
  'src/platform/log/bus.unit.spec.ts': `
    import 'express';
    import 'kafkajs';
    import 'memory-level';
    import 'mongodb';
    import '../embedded/bus.js';
    import '../outbox/relay.js';
    import './bus.contract.js';`,
  'src/platform/aggregate/aggregates.ts': `
    import type { newId } from '../event/cloud-event.js';
    export type Aggregates = typeof newId;`,
  'src/platform/aggregate/change-aggregate.ts': `
    import type { Aggregates } from './aggregates.js';
    import '../tools/errors.js';
    export const changeAggregate = (aggregates: Aggregates) => aggregates;`,
  'src/platform/outbox/relay.ts': `
    import type { Logger } from 'pino';
    import type { Bus } from '../log/bus.js';
    export type Relay = Bus | Logger;`,
  'src/platform/http/server.ts': `
    import express from 'express';
    import '../tools/errors.js';
    export const server = () => express();`,
  'src/platform/kafka/bus.ts': `
    import { Kafka } from 'kafkajs';
    import type { Bus } from '../log/bus.js';
    import { topics } from './topics.js';
    export const kafkaBus = (_: Bus) => [Kafka, topics];`,
  'src/platform/kafka/topics.ts': `export const topics = [];`,
  'src/platform/kafka/bus.int.spec.ts': `
    import '../log/bus.contract.js';
    import '../embedded/bus.js';
    import './bus.js';`,
  'src/platform/mongodb/aggregates.ts': `
    import { MongoClient } from 'mongodb';
    import type { Aggregates } from '../aggregate/aggregates.js';
    export type MongoStore = Aggregates | MongoClient;`,
  'src/platform/embedded/bus.ts': `
    import { ClassicLevel } from 'classic-level';
    import { MemoryLevel } from 'memory-level';
    import type { Bus } from '../log/bus.js';
    export const embeddedBus = (_: Bus) => [ClassicLevel, MemoryLevel];`,
  'src/platform/embedded/aggregates.ts': `
    import type { AbstractLevel } from 'abstract-level';
    import type { Aggregates } from '../aggregate/aggregates.js';
    export type EmbeddedStore = Aggregates | AbstractLevel<string>;`,

  'src/sales/sales.context.ts': `
    import { changeAggregate } from '../platform/index.js';
    import { mongoSales } from './adapters/mongo-sales.js';
    import './app/sell.js';
    import './http/generated/routes.js';
    import './messages/read-invoice.js';
    export const sales = [changeAggregate, mongoSales];`,
  'src/sales/domain/sale.ts': `
    import { Big } from 'big.js';
    import type { Discount } from './discount.js';
    export type Sale = Big | Discount;`,
  'src/sales/sales.context.unit.spec.ts': `
    import '../platform/testing.js';
    import './adapters/mongo-sales.js';
    import './sales.context.js';`,
  'src/sales/domain/sale.unit.spec.ts': `
    import { it } from '@jest/globals';
    import type { Sale } from './sale.js';
    it('is exact', () => undefined as Sale | void);`,
  'src/sales/domain/discount.unit.spec.ts': `export {};`,
  'src/sales/domain/discount.ts': `export type Discount = number;`,
  'src/sales/app/sell.ts': `
    import { v7 } from 'uuid';
    import { type Aggregates, changeAggregate } from '../../platform/index.js';
    import type { Sale } from '../domain/sale.js';
    import type { Invoices } from './invoices.js';
    export type Ports = Aggregates | Invoices | Sale;
    export const sell = () => [v7, changeAggregate];`,
  'src/sales/app/invoices.ts': `export type Invoices = unknown;`,
  'src/sales/app/sell.unit.spec.ts': `
    import { it } from '@jest/globals';
    import 'fast-check';
    import '../../platform/testing.js';
    import '../adapters/mongo-sales.js';
    import { sell } from './sell.js';
    it('sells', () => void sell());`,
  'src/sales/http/sales.controller.ts': `
    import { Controller } from '@tsoa/runtime';
    import { server } from '../../platform/http.js';
    import '../../platform/index.js';
    import { sell } from '../app/sell.js';
    import type { Sale } from '../domain/sale.js';
    export class SalesController extends Controller {
      sell = (_: Sale) => [sell(), server];
    }`,
  'src/sales/http/generated/routes.ts': `
    import { fetchMiddlewares } from '@tsoa/runtime';
    import type { Express } from 'express';
    import '../../../platform/http/server.js';
    import { SalesController } from '../sales.controller.js';
    export const routes = (_: Express) => [fetchMiddlewares, SalesController];`,
  'src/sales/http/sales.controller.unit.spec.ts': `
    import '../adapters/mongo-sales.js';
    import './sales.controller.js';`,
  'src/sales/messages/read-invoice.unit.spec.ts': `
    import '../adapters/mongo-sales.js';
    import '../app/sell.js';
    import './read-invoice.js';`,
  'src/sales/messages/read-invoice.ts': `
    import { z } from 'zod';
    import type { newId } from '../../platform/index.js';
    import type { Invoices } from '../app/invoices.js';
    import type { Sale } from '../domain/sale.js';
    export const readInvoice = (_: Invoices | Sale | typeof newId) => z;`,
  'src/sales/adapters/mongo-sales.ts': `
    import { Db } from 'mongodb';
    import { PlatformError } from '../../platform/index.js';
    import type { Invoices } from '../app/invoices.js';
    import type { Sale } from '../domain/sale.js';
    export const mongoSales = (_: Invoices | Sale) => [Db, PlatformError];`,
  'src/sales/adapters/mongo-sales.int.spec.ts': `
    import 'mongodb';
    import '../http/sales.controller.js';
    import './mongo-sales.js';`,

  'src/billing/billing.context.ts': `
    import './http/api.js';
    import './messages/bill-messages.js';
    export const billing = 'billing';`,
  'src/billing/domain/bill.ts': `export type Bill = unknown;`,
  'src/billing/http/api.ts': `
    import type { Bill } from '../domain/bill.js';
    import './generated/not-generated-yet.js';
    export type Bills = Bill[];`,
  'src/billing/messages/bill-messages.ts': `
    import type { Bill } from '../domain/bill.js';
    export type BillMessages = Bill;`,

  'test/helpers.ts': `export const helper = 1;`,
  'bench/load.ts': `export const load = 1;`,
};

/** A file that, in that tree, makes a circle of two folders, though of no two files. */
export const CIRCLE_OF_FOLDERS = {
  file: 'src/platform/event/late.ts',
  content: `import type { Bus } from '../log/bus.js'; export type Late = Bus;`,
};
