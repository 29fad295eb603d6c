import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { Gateway } from './support/gateway/gateway.js';
import { describeWithGateway } from './support/gateway/needed.js';
import { StandIn } from './support/gateway/stand-in.js';
import { token } from './support/gateway/tokens.js';
import { get, readAnswer } from './support/http.js';

const CLIENTS = 20;
/** Milliseconds. */
const PAUSE = 20;
const authorization = `Bearer ${token()}`;

/** Adds the status of each response on one connection, until the gateway closes it. */
type Client = (gateway: Gateway, statuses: number[]) => Promise<void>;

const http1: Client = async (gateway, statuses) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: gateway.certificate });
  for (;;) {
    const client = request(`${gateway.url}/orders`, { agent, headers: { authorization } });
    const answer = readAnswer(client);
    client.end();
    const { status, headers } = await answer;
    expect(client.reusedSocket).toBe(statuses.length > 0);
    statuses.push(status);
    if (headers.get('connection') === 'close') return;
    await sleep(PAUSE);
  }
};

const http2: Client = async (gateway, statuses) => {
  const session = connectHttp2(gateway.url, { ca: gateway.certificate });
  const left = new AbortController();
  session.on('error', () => undefined).on('goaway', () => left.abort());
  while (!left.signal.aborted) {
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: '/orders', authorization });
    stream.on('response', (headers) => statuses.push(Number(headers[constants.HTTP2_HEADER_STATUS])));
    // A client repeats a refused request on another connection: it has not been processed.
    await once(stream.resume().end(), 'close').catch((error: unknown) => {
      if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) throw error;
      left.abort();
    });
    await sleep(PAUSE);
  }
  session.destroy();
};

describeWithGateway('a gateway that stops', () => {
  it.each<[string, Client]>([
    ['HTTP/1.1', http1],
    ['HTTP/2', http2],
  ])('sends a client of %s elsewhere and never returns 503', async (_, client) => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders }, { GATEWAY_DRAIN: '1s' });
    const statuses = Array.from({ length: CLIENTS }, (): number[] => []);
    const clients = Promise.all(statuses.map((each) => client(gateway, each)));
    await eventually(() => expect(Math.min(...statuses.map(({ length }) => length))).toBeGreaterThan(2));
    const stopped = gateway.drain();
    await sleep(200);
    expect((await get(`${gateway.healthUrl}/health/ready`)).status).toBe(503);
    await Promise.all([clients, stopped]);
    expect(new Set(statuses.flat())).toEqual(new Set([200]));
  });
});
