import type { ContainerModule, ServiceIdentifier } from 'inversify';
import type { CommandRetention, LogCompared, Outbox } from './aggregate/aggregates.js';
import type { EventApi } from './async-api/event-api.js';
import type { EmbeddedDatabase } from './embedded/embedded-database.js';
import type { HttpApi } from './http/app.js';
import type { MongoDatabase } from './mongodb/mongo-database.js';
import type { RecordedTopic } from './recovery/fork-watch.js';
import type { Replayable } from './replay/replayable.js';
import type { Subscription } from './subscriber/subscription.js';

/** One context's own database, in either technology. */
export type Database = MongoDatabase | EmbeddedDatabase;

/** Makes ready what the adapters need in the database (indexes). Safe to repeat. */
export type Preparation = () => Promise<void>;

/** What the process needs to know of a bounded context in order to run it. */
export interface BoundedContext {
  /** Also the name of its database and of its consumer group. */
  readonly name: string;
  /** What it is for, in one sentence without the full stop. */
  readonly purpose: string;
  readonly http: HttpApi;
  readonly events: EventApi;
  /** What of the database is a function of the log: over empty collections, replaying it makes what is there. */
  replay(database: Database): Replayable;
  /** Binds the context's use cases to adapters over its database. */
  bindings(database: Database): ContainerModule;
}

/** What contexts offer to the process and the process to contexts; each context may bind several of the first five. */
export const PLATFORM = {
  outbox: Symbol('outbox') as ServiceIdentifier<Outbox & LogCompared>,
  commandRetention: Symbol('command retention') as ServiceIdentifier<CommandRetention>,
  history: Symbol('history') as ServiceIdentifier<RecordedTopic>,
  subscription: Symbol('subscription') as ServiceIdentifier<Subscription>,
  preparation: Symbol('preparation') as ServiceIdentifier<Preparation>,
  /** Aborted when the process begins to stop. */
  stopping: Symbol('stopping') as ServiceIdentifier<AbortSignal>,
};
