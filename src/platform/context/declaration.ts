import type { Aggregate, Aggregates, Change } from '../aggregate/aggregates.js';
import type { LoggedRecord } from '../log/bus.js';
import type { Heartbeat } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import type { History } from '../views/history.js';
import type { HttpApi } from '../http/contract/openapi.js';
import type { HistoryRoute } from '../http/contract/history-route.js';
import type { Listing } from '../views/listing.js';
import type { Projection } from '../views/projection.js';
import type { Index } from './database.js';
import type { Provided, Token } from './token.js';

/** One kind of aggregate that a context owns: it is the system of record for it, and publishes every change. */
export interface AggregateDeclaration<
  State extends Aggregate = Aggregate,
  Changed extends Change<State> = Change<State>,
> {
  readonly port: Token<Aggregates<State, Changed>>;
  readonly collection: string;
  readonly events: EventStream;
  /** Pages through the newest states, with the indexes that its filters and sort fields need. */
  readonly list?: { readonly port: Token<Listing<unknown>>; readonly indexes: readonly Index[] };
  /** An audit of every change, kept from the log. */
  readonly history?: {
    readonly port: Token<History<State>>;
    readonly collection: string;
    /** Keeps the state after each change too, so that the past can be read; until it is erased. */
    readonly keepsStates?: boolean;
    /** Where clients read it. */
    readonly route?: HistoryRoute;
  };
}

/** A copy of what another context owns. */
export interface ProjectionDeclaration<State = unknown> {
  readonly port: Token<Projection<State>>;
  readonly collection: string;
}

/** Keeps what the context knows of others. It comes to the same however often and in whatever order it is repeated. */
export interface Projector<Message> {
  execute(messages: readonly Message[]): Promise<void>;
}

/** Does something new because of an event: it may be repeated after a crash, but a replay never does. */
export interface Reactor<Message> {
  /**
   * @param lease call its `heartbeat` between the steps of what may take long, and leave what is done so that another
   * try goes on from there
   */
  execute(message: Message, lease: Heartbeat): Promise<void>;
}

/** What a context does about the events of a topic. */
export interface ReactionDeclaration<Message = unknown> {
  readonly topic: string;
  /** In one sentence, for the documents. */
  readonly summary: string;
  /** What it needs of the data of the messages, as JSON Schemas by `dataschema`; it ignores other types. */
  readonly needs?: Readonly<Record<string, object>>;
  /** Types of events that take personal data out; they are applied even where a rebuild leaves out later ones. */
  readonly erasing?: readonly string[];
  /**
   * The context's own reading of an event, with no effect; undefined for a type that it does not care about.
   * @throws UnreadableRecord when it can never be applied
   */
  readonly read: (event: CloudEvent, record: LoggedRecord) => Message | undefined;
  /** Runs first, and again with every replay. */
  readonly project?: Token<Projector<Message>>;
  /** Runs after `project`, event by event, and never in a replay. */
  readonly react?: Token<Reactor<Message>>;
  /**
   * What `react` is given: every event, or those after the newest that the topic held when the context first ran. A new
   * context that sends mail must not mail everybody since the beginning. It is known by the name of
   * `react`: under another name, or where the database is lost, it begins anew.
   */
  readonly reactFrom?: 'first' | 'now';
}

/** All that a bounded context says of itself. */
export interface ContextDeclaration {
  /** Also the name of its database and of its consumer group. */
  readonly name: string;
  /** What it is for, in one sentence without the full stop. */
  readonly purpose: string;
  readonly aggregates?: readonly AggregateDeclaration[];
  readonly projections?: readonly ProjectionDeclaration[];
  readonly useCases?: readonly Provided[];
  readonly reactions?: readonly ReactionDeclaration[];
  /** Without it the context has no HTTP. */
  readonly http?: {
    readonly controllers: readonly Provided[];
    /** As generated from the controllers. */
    readonly registerRoutes: HttpApi['registerRoutes'];
    /** As generated from the controllers: the file's address. */
    readonly openApi: URL;
  };
}

/**
 * Declares a kind of aggregate; the types of its port, its events and its history have to fit.
 * @example
 * aggregate({ port: ORDERS, collection: 'customer.orders', events: orderEvents })
 */
export function aggregate<State extends Aggregate, Changed extends Change<State>>(
  declaration: AggregateDeclaration<State, Changed>,
): AggregateDeclaration {
  return declaration as unknown as AggregateDeclaration;
}

/**
 * Declares a copy of what another context owns.
 * @example
 * projection({ port: CUSTOMERS, collection: 'customers' })
 */
export function projection<State>(declaration: ProjectionDeclaration<State>): ProjectionDeclaration {
  return declaration as unknown as ProjectionDeclaration;
}

/**
 * Declares what a context does about the events of a topic.
 * @example
 * reaction({ topic: CUSTOMER_CHANGES, summary: 'orders keeps a copy of the customers', read, project: CopyCustomer })
 */
export function reaction<Message>(declaration: ReactionDeclaration<Message>): ReactionDeclaration {
  return declaration as unknown as ReactionDeclaration;
}
