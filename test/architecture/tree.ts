/**
 * A small src/ that keeps every rule, with at least one import of each kind that a rule has to let pass. Its contexts
 * are not this project's: the rules must hold for any.
 */
export const lawfulTree: Readonly<Record<string, string>> = {
  'src/main.ts': `
    import helmet from 'helmet';
    import { compose } from './composition.js';
    compose(helmet);`,
  'src/composition.ts': `
    import type { Options } from 'prettier';
    import './billing/billing.module.js';
    import './platform/embedded/embedded-bus.js';
    import './platform/http/server.js';
    import './platform/kafka/kafka-bus.js';
    import './platform/outbox/relay.js';
    import './sales/sales.module.js';
    export const compose = (_: unknown): Options => ({});`,

  'src/platform/globals.d.ts': `declare const BUILD: string;`,
  'src/platform/errors.ts': `export class PlatformError extends Error {}`,
  'src/platform/context.ts': `
    import type { EmbeddedStore } from './embedded/embedded-aggregates.js';
    import type { MongoStore } from './mongodb/mongo-aggregates.js';
    export type Database = EmbeddedStore | MongoStore;`,
  'src/platform/event/cloud-event.ts': `
    import { randomUUID } from 'node:crypto';
    export const newId = () => randomUUID();`,
  'src/platform/bus/bus.ts': `
    import type { newId } from '../event/cloud-event.js';
    export type Bus = typeof newId;`,
  'src/platform/bus/bus.contract.ts': `
    import { it } from '@jest/globals';
    import type { Bus } from './bus.js';
    export const busContract = (_: Bus) => it;`,
  'src/platform/bus/bus.unit.spec.ts': `
    import 'express';
    import 'kafkajs';
    import 'memory-level';
    import 'mongodb';
    import '../embedded/embedded-bus.js';
    import './bus.contract.js';`,
  'src/platform/aggregate/aggregates.ts': `
    import type { newId } from '../event/cloud-event.js';
    export type Aggregates = typeof newId;`,
  'src/platform/aggregate/change-aggregate.ts': `
    import type { Aggregates } from './aggregates.js';
    import '../errors.js';
    export const changeAggregate = (aggregates: Aggregates) => aggregates;`,
  'src/platform/aggregate/idempotency.ts': `export const recall = 1;`,
  'src/platform/history/history.ts': `export type History = unknown;`,
  'src/platform/history/wait-for-history.ts': `
    import type { History } from './history.js';
    export const waitForHistory = (history: History) => history;`,
  'src/platform/projection/arrivals.ts': `export class Arrivals {}`,
  'src/platform/projection/projection.ts': `export type Projection = unknown;`,
  'src/platform/projection/wait-for-version.ts': `
    import type { Projection } from './projection.js';
    export const waitForVersion = (projection: Projection) => projection;`,
  'src/platform/listing/listing.ts': `export type Listing = unknown;`,
  'src/platform/outbox/relay.ts': `
    import type { Logger } from 'pino';
    import type { Bus } from '../bus/bus.js';
    export type Relay = Bus | Logger;`,
  'src/platform/http/server.ts': `
    import express from 'express';
    import '../errors.js';
    export const server = () => express();`,
  'src/platform/kafka/kafka-bus.ts': `
    import { Kafka } from 'kafkajs';
    import type { Bus } from '../bus/bus.js';
    import { topics } from './topics.js';
    export const kafkaBus = (_: Bus) => [Kafka, topics];`,
  'src/platform/kafka/topics.ts': `export const topics = [];`,
  'src/platform/kafka/kafka-bus.int.spec.ts': `
    import '../bus/bus.contract.js';
    import '../embedded/embedded-bus.js';
    import './kafka-bus.js';`,
  'src/platform/mongodb/mongo-aggregates.ts': `
    import { MongoClient } from 'mongodb';
    import type { Aggregates } from '../aggregate/aggregates.js';
    export type MongoStore = Aggregates | MongoClient;`,
  'src/platform/embedded/embedded-bus.ts': `
    import { ClassicLevel } from 'classic-level';
    import { MemoryLevel } from 'memory-level';
    import type { Bus } from '../bus/bus.js';
    export const embeddedBus = (_: Bus) => [ClassicLevel, MemoryLevel];`,
  'src/platform/embedded/embedded-aggregates.ts': `
    import type { AbstractLevel } from 'abstract-level';
    import type { Aggregates } from '../aggregate/aggregates.js';
    export type EmbeddedStore = Aggregates | AbstractLevel<string>;`,

  'src/sales/sales.module.ts': `
    import { ContainerModule } from 'inversify';
    import type { Database } from '../platform/context/database.js';
    import './adapters/embedded-sales.js';
    import './adapters/mongo-sales.js';
    import './http/generated/routes.js';
    import './messages/read-invoice.js';
    export const salesModule = (_: Database) => ContainerModule;`,
  'src/sales/domain/sale.ts': `
    import { Big } from 'big.js';
    import type { Discount } from './discount.js';
    export type Sale = Big | Discount;`,
  'src/sales/sales.module.int.spec.ts': `
    import './adapters/mongo-sales.js';
    import './sales.module.js';`,
  'src/sales/domain/sale.unit.spec.ts': `
    import { it } from '@jest/globals';
    import type { Sale } from './sale.js';
    it('is exact', () => undefined as Sale | void);`,
  'src/sales/domain/discount.unit.spec.ts': `export {};`,
  'src/sales/domain/discount.ts': `export type Discount = number;`,
  'src/sales/app/sell.ts': `
    import { v7 } from 'uuid';
    import { changeAggregate } from '../../platform/aggregate/change-aggregate.js';
    import type { Aggregates } from '../../platform/aggregate/aggregates.js';
    import '../../platform/errors.js';
    import '../../platform/event/cloud-event.js';
    import '../../platform/aggregate/idempotency.js';
    import '../../platform/history/history.js';
    import '../../platform/history/wait-for-history.js';
    import type { Listing } from '../../platform/listing/listing.js';
    import type { Projection } from '../../platform/projection/projection.js';
    import '../../platform/projection/arrivals.js';
    import { waitForVersion } from '../../platform/projection/wait-for-version.js';
    import type { Sale } from '../domain/sale.js';
    import type { Invoices } from './invoices.js';
    export type Ports = Aggregates | Invoices | Listing | Projection | Sale;
    export const sell = () => [v7, changeAggregate, waitForVersion];`,
  'src/sales/app/invoices.ts': `export type Invoices = unknown;`,
  'src/sales/app/sell.unit.spec.ts': `
    import { it } from '@jest/globals';
    import 'fast-check';
    import '../adapters/embedded-sales.js';
    import { sell } from './sell.js';
    it('sells', () => void sell());`,
  'src/sales/http/sales.controller.ts': `
    import { Controller } from '@tsoa/runtime';
    import '../../platform/http/server.js';
    import { sell } from '../app/sell.js';
    import type { Sale } from '../domain/sale.js';
    export class SalesController extends Controller {
      sell = (_: Sale) => sell();
    }`,
  'src/sales/http/generated/routes.ts': `
    import { fetchMiddlewares } from '@tsoa/runtime';
    import type { Express } from 'express';
    import { SalesController } from '../sales.controller.js';
    export const routes = (_: Express) => [fetchMiddlewares, SalesController];`,
  'src/sales/http/sales.controller.unit.spec.ts': `
    import '../adapters/embedded-sales.js';
    import './sales.controller.js';`,
  'src/sales/messages/read-invoice.unit.spec.ts': `
    import '../adapters/embedded-sales.js';
    import '../app/sell.js';
    import './read-invoice.js';`,
  'src/sales/messages/read-invoice.ts': `
    import { z } from 'zod';
    import type { newId } from '../../platform/event/cloud-event.js';
    import type { Invoices } from '../app/invoices.js';
    import type { Sale } from '../domain/sale.js';
    export const readInvoice = (_: Invoices | Sale | typeof newId) => z;`,
  'src/sales/messages/sale-events.ts': `
    import type { newId } from '../../platform/event/cloud-event.js';
    export const saleEvents = (_: typeof newId) => 'sales';`,
  'src/sales/adapters/mongo-sales.ts': `
    import type { Db } from 'mongodb';
    import type { MongoStore } from '../../platform/mongodb/mongo-aggregates.js';
    import type { Sale } from '../domain/sale.js';
    import { saleEvents } from '../messages/sale-events.js';
    export const mongoSales = (_: Db | MongoStore | Sale) => saleEvents;`,
  'src/sales/adapters/mongo-sales.int.spec.ts': `
    import 'mongodb';
    import '../http/sales.controller.js';
    import './mongo-sales.js';`,
  'src/sales/adapters/embedded-sales.ts': `
    import type { AbstractLevel } from 'abstract-level';
    import type { EmbeddedStore } from '../../platform/embedded/embedded-aggregates.js';
    import type { Invoices } from '../app/invoices.js';
    export type EmbeddedSales = AbstractLevel<string> | EmbeddedStore | Invoices;`,

  'src/billing/billing.module.ts': `
    import './adapters/embedded-bills.js';
    import './messages/bill-messages.js';`,
  'src/billing/domain/bill.ts': `export type Bill = unknown;`,
  'src/billing/http/api.ts': `
    import type { Bill } from '../domain/bill.js';
    import './generated/not-generated-yet.js';
    export type Bills = Bill[];`,
  'src/billing/adapters/embedded-bills.ts': `
    import type { Bill } from '../domain/bill.js';
    export type EmbeddedBills = Bill;`,
  'src/billing/messages/bill-messages.ts': `
    import type { Bill } from '../domain/bill.js';
    export type BillMessages = Bill;`,

  'test/helpers.ts': `export const helper = 1;`,
  'bench/load.ts': `export const load = 1;`,
};
