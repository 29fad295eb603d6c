import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { requestContext } from '../../tools/request-context.js';
import { recordSpans } from '../../testing/span-recorder.js';
import { eventually } from '../../testing/eventually.js';
import { listen, type Listener } from './listen.js';
import { tracing } from './tracing.js';

const SPAN = '00f067aa0ba902b7';
const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('the ids of a request', () => {
  let listener: Listener;

  beforeAll(async () => {
    const app = express();
    app.use(tracing(), (_request, response) => void response.json(requestContext()));
    listener = await listen(app, '127.0.0.1', 0, 'PORT');
  });

  afterAll(() => listener.stop());

  async function contextOf(headers: Record<string, string>): Promise<Record<string, string>> {
    const response = await fetch(`http://127.0.0.1:${listener.port}`, { headers });
    const context = (await response.json()) as Record<string, string>;
    expect(response.headers.get('x-request-id')).toBe(context.requestId);
    expect(response.headers.get('traceparent')).toBe(context.traceparent);
    return context;
  }

  it.each(['00', '01', '02', '03'])('continue a trace with the flags %s', async (flags) => {
    const { traceparent } = await contextOf({ traceparent: `00-${TRACE}-${SPAN}-${flags}` });
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-${flags}$`));
  });

  it.each([
    ['flags that nobody has defined', `00-${TRACE}-${SPAN}-ff`],
    ['more after the flags', `00-${TRACE}-${SPAN}-01-4111111111111111`],
    ['a card number in its id', `00-4111111111111111${TRACE.slice(16)}-${SPAN}-01`],
    ['a card number among other digits', `00-99411111111111111199${TRACE.slice(20)}-${SPAN}-01`],
  ])('begin a trace instead of one with %s', async (_what, sent) => {
    const { traceparent } = await contextOf({ traceparent: sent });
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traceparent?.slice(3, 35)).not.toBe(sent.slice(3, 35));
  });

  it('have the id that the client gives, and beside it the one that it gave to a gateway', async () => {
    const headers = { 'X-Request-Id': 'gateway-1', 'X-Client-Request-Id': 'mine' };
    expect(await contextOf(headers)).toMatchObject({ requestId: 'gateway-1', clientRequestId: 'mine' });
  });

  it.each([
    '4111111111111111',
    'card-4111-1111-1111-1111',
    '4111.1111/1111=1111',
    'x41111111111111110000',
    'a@b.de',
    'a b',
    '',
  ])('do not have the id %j of a client', async (id) => {
    const context = await contextOf({ 'X-Request-Id': id, 'X-Client-Request-Id': id });
    expect(context.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context).not.toHaveProperty('clientRequestId');
  });
});

describe('the span of a request', () => {
  const recorded = recordSpans();
  let listener: Listener;

  beforeAll(async () => {
    const app = express();
    app.use(tracing());
    app.get('/customers/:id', (request, response) => {
      response.locals.route = '/customers/{id}';
      response.status(Number(request.query.status)).json(requestContext());
    });
    listener = await listen(app, '127.0.0.1', 0, 'PORT');
  });

  afterAll(() => listener.stop());

  async function traceparentOf(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method, headers });
    await response.text();
    return String(response.headers.get('traceparent'));
  }

  const oneSpan = () =>
    eventually(() => {
      const [span] = recorded.spans();
      if (!span) throw new Error('there is no span yet');
      return span;
    });

  it('continues the trace of the caller, and its id is that of the context', async () => {
    const traceparent = await traceparentOf('/customers/c-1?status=200', { traceparent: `00-${TRACE}-${SPAN}-03` });

    const span = await oneSpan();
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, failed: false });
    expect(traceparent).toBe(`00-${TRACE}-${span.spanId}-03`);
  });

  it("has the route's template and the status, and nothing of path and query", async () => {
    await traceparentOf('/customers/c-1?status=200&email=ada@example.com');

    const span = await oneSpan();
    expect(span.name).toBe('GET /customers/{id}');
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/customers/{id}',
      'http.response.status_code': 200,
      'url.scheme': 'http',
    });
  });

  it('has no route where there is none, and no name that a client makes up', async () => {
    await traceparentOf('/elsewhere', {}, 'PURGE');

    expect(await oneSpan()).toMatchObject({ name: '_OTHER', attributes: { 'http.response.status_code': 404 } });
  });

  it('failed if the server did, and not if the client did', async () => {
    await traceparentOf('/customers/c-1?status=503');

    expect(await oneSpan()).toMatchObject({ failed: true, attributes: { 'error.type': '503' } });
  });

  it('is not there if the caller does not sample the trace', async () => {
    const traceparent = await traceparentOf('/customers/c-1?status=200', { traceparent: `00-${TRACE}-${SPAN}-00` });
    await traceparentOf('/customers/c-1?status=200');

    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-00$`));
    await oneSpan();
    expect(recorded.spans().map(({ traceId }) => traceId)).not.toContain(TRACE);
  });

  it('is in a new trace if the caller names its span like a card number', async () => {
    await traceparentOf('/customers/c-1?status=200', { traceparent: `00-${TRACE}-4111111111111111-01` });

    const span = await oneSpan();
    expect(span.parentSpanId).toBeUndefined();
    expect(span.traceId).not.toBe(TRACE);
  });
});
