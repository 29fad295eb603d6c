import { AsyncLocalStorage } from 'node:async_hooks';

/** What a request carries into everything it causes: log lines, and the events it leads to. */
export interface RequestContext {
  /** Echoed or made `X-Request-Id`. */
  readonly requestId: string;
  /** W3C trace context, as it goes onto events and answers. */
  readonly traceparent: string;
  /** Subject of the caller's token, when there is one. */
  readonly actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that {@link requestContext} answers `context` in all that it awaits. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the request being served, if one is. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
