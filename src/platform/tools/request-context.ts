import { AsyncLocalStorage } from 'node:async_hooks';
import { isLoggableId } from './loggable-id.js';
import { nextTraceparent } from './traceparent.js';

/** The context of a request, or of an event being reacted to, for its log lines and events. */
export interface RequestContext {
  /** Received or generated `X-Request-Id`; undefined outside of a request. */
  readonly requestId?: string;
  /** The client's own id of the request, if a gateway has given it another one. */
  readonly clientRequestId?: string;
  /** W3C trace context for events and responses. */
  readonly traceparent: string;
  /** Subject of the caller's token, if there is one. */
  readonly actor?: string;
  /** Id of the event that is being reacted to. */
  readonly causationId?: string;
  /** Ids of the aggregates that it is about, by the names of these ids: `customerId`. See {@link aboutAggregates}. */
  readonly aggregateIds?: AggregateIds;
}

/** Ids of aggregates by name, as the log has them. */
export type AggregateIds = Readonly<Record<string, string>>;

/** The attributes of an event that are passed on to its effects, or logged. */
export interface Cause {
  readonly id: string;
  /** `<context>.<aggregate>.<what happened>` */
  readonly type: string;
  /** Id of the aggregate. */
  readonly subject: string;
  readonly traceparent?: string;
  readonly actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with `context` as its {@link requestContext}. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` as an effect of an event: in its trace (or a new one), for the same actor. */
export function withCause<T>({ id, type, subject, traceparent, actor }: Cause, work: () => T): T {
  const trace = traceparent ?? nextTraceparent();
  const aggregateIds = aggregateIdsOf(type, subject);
  const context = { causationId: id, traceparent: trace, aggregateIds, ...(actor !== undefined && { actor }) };
  return storage.run(context, work);
}

/** Adds ids of aggregates to the current context, for its log lines; ids that must not be logged are left out. */
export function aboutAggregates(ids: readonly (readonly [name: string, id: string])[]): void {
  const context = storage.getStore() as { aggregateIds?: AggregateIds } | undefined;
  if (context) context.aggregateIds = loggableIds(ids);
}

/**
 * Returns an aggregate's id by the name that such ids have in paths and logs; nothing if the id must not be logged.
 * @param typeOrTopic begins with `<context>.<aggregate>.`
 * @example
 * aggregateIdsOf('accounts.customer.change', id); // { customerId: id }
 */
export function aggregateIdsOf(typeOrTopic: string, id: string): AggregateIds {
  const [, aggregate = 'aggregate'] = /^[a-z-]+\.([a-z-]{1,40})\./.exec(typeOrTopic) ?? [];
  return loggableIds([[`${aggregate}Id`, id]]);
}

function loggableIds(ids: readonly (readonly [name: string, id: string])[]): AggregateIds {
  return Object.fromEntries(ids.filter(([, id]) => isLoggableId(id)));
}

/** Returns the context of the current request, or of the event being reacted to, if there is one. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
