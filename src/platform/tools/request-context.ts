import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from './random.js';

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
}

/** The attributes of an event that are passed on to its effects. */
export interface Cause {
  readonly id: string;
  readonly traceparent?: string;
  readonly actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with `context` as its {@link requestContext}. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` as an effect of an event: in its trace (or a new one), for the same actor. */
export function withCause<T>({ id, traceparent, actor }: Cause, work: () => T): T {
  const trace = traceparent ?? `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  return storage.run({ causationId: id, traceparent: trace, ...(actor !== undefined && { actor }) }, work);
}

/** Returns the context of the current request, or of the event being reacted to, if there is one. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
