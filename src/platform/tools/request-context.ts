import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from './random.js';

/** What a request, or an event that is reacted to, carries into all that it causes: log lines and events. */
export interface RequestContext {
  /** Echoed or made `X-Request-Id`; undefined where no request is being served. */
  readonly requestId?: string;
  /** W3C trace context, as it goes onto events and answers. */
  readonly traceparent: string;
  /** Subject of the caller's token, when there is one. */
  readonly actor?: string;
  /** Id of the event that is being reacted to. */
  readonly causationId?: string;
}

/** What of an event goes on to what it causes. */
export interface Cause {
  readonly id: string;
  readonly traceparent?: string;
  readonly actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that {@link requestContext} returns `context` in all that it awaits. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` as caused by an event: in its trace, or a new one, and for the same actor. */
export function withCause<T>({ id, traceparent, actor }: Cause, work: () => T): T {
  const trace = traceparent ?? `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  return storage.run({ causationId: id, traceparent: trace, ...(actor !== undefined && { actor }) }, work);
}

/** The context of the request being served or the event being reacted to, if there is one. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
