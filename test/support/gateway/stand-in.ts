import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from '@jest/globals';
import type { Instance } from './gateway.js';

/** A request as it came through the gateway. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Names as they came, each as often as it came. */
  readonly headerNames: readonly string[];
  readonly body: string;
}

export type Behaviour = (received: Received, response: ServerResponse) => void;

const servers = new Set<Server>();

/** Something in a service's place, that does to a request what a service cannot be made to do. */
export class StandIn implements Instance {
  readonly received: Received[] = [];
  isReady = true;
  behave: Behaviour = (_received, response) => void response.end('{}');

  private constructor(
    private readonly servers: readonly Server[],
    readonly port: number,
    readonly healthPort: number,
  ) {}

  /** At this address; with the ports of another instance of the same service, or with free ones. */
  static async start(host = '127.0.0.1', ports: Instance = { port: 0, healthPort: 0 }): Promise<StandIn> {
    const handlers: { client?: StandIn } = {};
    const clients = createServer((request, response) => void handlers.client?.receive(request, response));
    const health = createServer(
      (_request, response) => void response.writeHead(handlers.client?.isReady ? 200 : 503).end('{}'),
    );
    const port = await listen(clients, host, ports.port);
    const healthPort = await listen(health, host, ports.healthPort);
    return (handlers.client = new StandIn([clients, health], port, healthPort));
  }

  /** Nothing listens at its address any more. */
  stop(): void {
    this.servers.forEach(close);
  }

  /** What came to a path so far. */
  of(path: string): Received[] {
    return this.received.filter(({ url }) => url === path);
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: Received = {
      method: String(request.method),
      url: String(request.url),
      headers: request.headers,
      headerNames: request.rawHeaders.filter((_, index) => index % 2 === 0),
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.received.push(received);
    this.behave(received, response);
  }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  servers.add(server);
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

afterAll(() => servers.forEach(close));
