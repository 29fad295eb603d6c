import type { Aggregate, Aggregates, Change } from '../aggregate/aggregates.js';
import type { Heartbeat } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import type { HistoryReader } from '../views/history.js';
import type { HttpApi } from '../http/contract/openapi.js';
import type { HistoryRoute } from '../http/contract/history-route.js';
import type { Listing } from '../views/listing.js';
import type { Projection } from '../views/projection.js';
import type { Erasures } from '../privacy/attestation.js';
import type { Index } from './database.js';
import type { Provided, Token } from './token.js';

/** One kind of aggregate that a context owns: it is the system of record, and publishes every change. */
export interface AggregateDeclaration<
  State extends Aggregate = Aggregate,
  Changed extends Change<State> = Change<State>,
> {
  readonly port: Token<Aggregates<State, Changed>>;
  readonly collection: string;
  readonly events: EventStream;
  /** Pages through the newest states, with the indexes that its filters and sort fields need. */
  readonly list?: { readonly port: Token<Listing<unknown>>; readonly indexes: readonly Index[] };
  /** Records every change, read from the log. */
  readonly history?: {
    readonly port: Token<HistoryReader<State>>;
    readonly collection: string;
    /** Also stores the state after each change, until an erasure, so that past states can be read. */
    readonly keepsStates?: boolean;
    /** The HTTP route of the history. */
    readonly route?: HistoryRoute<State>;
  };
  /** Of an aggregate that is a person: collects what other contexts confirm of its erasure, and attests it. */
  readonly erasures?: { readonly port: Token<Erasures>; readonly collection: string };
}

/** A copy of another context's data. */
export interface ProjectionDeclaration<State = unknown> {
  readonly port: Token<Projection<State>>;
  readonly collection: string;
}

/** Updates projections. Its result does not depend on repetitions or the order of messages. */
export interface Projector<Message> {
  execute(messages: readonly Message[]): Promise<void>;
}

/** Has other effects, such as a command. It may be repeated after a crash, but never by a replay. */
export interface Reactor<Message> {
  /**
   * @param lease call its `heartbeat` between the steps of long-running work, and make that work resumable
   */
  execute(message: Message, lease: Heartbeat): Promise<void>;
}

/** A context's reaction to the events of a topic. */
export interface ReactionDeclaration<Message = unknown> {
  readonly topic: string;
  /** One sentence for the documents. */
  readonly summary: string;
  /** JSON Schemas of the data that it needs, by `dataschema`; it ignores other types. */
  readonly needs?: Readonly<Record<string, object>>;
  /** The topic of the keys that open the sealed parts of these events: `accounts.customer.keys`. */
  readonly keys?: string;
  /** Types of events that erase personal data. A rebuild up to a point in time applies them even if they are later. */
  readonly erasing?: readonly string[];
  /**
   * Types of events of which each one has an effect that no later event has. Of all other types, only the newest event
   * of an aggregate matters: once it is applied, a dead letter before it is listed as healed, and a rebuild projects only
   * that one. Undefined: each event of any type matters, and no dead letter is healed. It has no effect without `needs`.
   */
  readonly needsEach?: readonly string[];
  /**
   * Translates an event into the context's own message, without side effects; undefined for an ignored type.
   * @throws UnreadableRecord when it can never be applied
   */
  readonly read: (event: CloudEvent) => Message | undefined;
  /** Runs first, and again in every replay. */
  readonly project?: Token<Projector<Message>>;
  /** Runs after `project`, event by event, and never in a replay. */
  readonly react?: Token<Reactor<Message>>;
  /**
   * The events that `react` gets: all, or those after the newest one in the topic when the context first ran. (A new
   * context that sends mail must not mail everybody since the beginning.) The class name of `react` identifies the
   * reaction: after a rename, or a loss of the database, it starts anew.
   */
  readonly reactFrom?: 'first' | 'now';
}

/** The declaration of a bounded context. */
export interface ContextDeclaration {
  /** Name of the context, of its database and of its consumer group. */
  readonly name: string;
  /** Its purpose, as a phrase without a full stop. */
  readonly purpose: string;
  readonly aggregates?: readonly AggregateDeclaration[];
  readonly projections?: readonly ProjectionDeclaration[];
  readonly useCases?: readonly Provided[];
  readonly reactions?: readonly ReactionDeclaration[];
  /** Undefined for a context without HTTP. */
  readonly http?: {
    readonly controllers: readonly Provided[];
    /** Generated from the controllers. */
    readonly registerRoutes: HttpApi['registerRoutes'];
    /** URL of the document generated from the controllers. */
    readonly openApi: URL;
  };
}

/**
 * Declares a kind of aggregate. The compiler checks that the types of port, events and history match.
 * @example
 * aggregate({ port: ORDERS, collection: 'customer.orders', events: orderEvents })
 */
export function aggregate<State extends Aggregate, Changed extends Change<State>>(
  declaration: AggregateDeclaration<State, Changed>,
): AggregateDeclaration {
  return declaration as unknown as AggregateDeclaration;
}

/**
 * Declares a copy of another context's data.
 * @example
 * projection({ port: CUSTOMERS, collection: 'customers' })
 */
export function projection<State>(declaration: ProjectionDeclaration<State>): ProjectionDeclaration {
  return declaration as unknown as ProjectionDeclaration;
}

/**
 * Declares a reaction to the events of a topic.
 * @example
 * reaction({ topic: CUSTOMER_CHANGES, summary: 'orders keeps a copy of the customers', read, project: CopyCustomer })
 */
export function reaction<Message>(declaration: ReactionDeclaration<Message>): ReactionDeclaration {
  return declaration as unknown as ReactionDeclaration;
}
