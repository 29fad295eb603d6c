import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Express } from 'express';
import { createHttpServer, type ServerLimits } from './http-server.js';

/** A listener with a graceful stop. */
export interface Listener {
  readonly port: number;
  /** Serves on, but closes each connection after its next response, so that a gateway keeps none for reuse. */
  drain(): void;
  /** Accepts no new request. Resolves when the last response is sent. */
  stop(): Promise<void>;
}

/** @throws Error that names `setting` or HOST when the address cannot be used */
export async function listen(
  app: Express,
  host: string,
  port: number,
  setting: string,
  limits: Partial<ServerLimits> = {},
): Promise<Listener> {
  const server = createHttpServer(app, limits);
  const responses = new Set<ServerResponse>();
  let draining = false;
  let stopping = false;
  server.prependListener('request', (_request, response) => {
    if (draining) response.setHeader('Connection', 'close');
    responses.add(response);
    response.once('close', () => {
      responses.delete(response);
      if (stopping) closeIdle(server, responses);
    });
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const isAboutHost = /^(EADDRNOTAVAIL|ENOTFOUND|EAI_)/.test(code);
    const why = code === 'EADDRINUSE' ? `${code}: another process does` : code;
    throw new Error(`${isAboutHost ? 'HOST' : setting}: cannot listen on ${host}:${port} (${why})`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true;
    },
    stop: () => {
      draining = true;
      stopping = true;
      return close(server, responses);
    },
  };
}

async function close(server: Server, responses: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = once(server, 'close');
  // Not server.close(): it would first cut off responses; see closeIdle.
  NetServer.prototype.close.call(server);
  closeIdle(server, responses);
  await closed;
  // Now it only stops the checks of the timeouts.
  server.close();
}

/** Node counts a connection as idle before its ended response is sent. So nothing is closed while there is one. */
function closeIdle(server: Server, responses: ReadonlySet<ServerResponse>): void {
  if (![...responses].some(({ writableEnded }) => writableEnded)) server.closeIdleConnections();
}
