import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Express } from 'express';
import { createHttpServer, type ServerLimits } from './http-server.js';

/** A listener that stops without cutting anybody off. */
export interface Listener {
  readonly port: number;
  /** Takes no new request, and answers when the last one is answered. */
  stop(): Promise<void>;
}

/** @throws Error that names `setting` when the port cannot be had. */
export async function listen(
  app: Express,
  host: string,
  port: number,
  setting: string,
  limits: Partial<ServerLimits> = {},
): Promise<Listener> {
  const server = createHttpServer(app, limits);
  const answers = new Set<ServerResponse>();
  let stopping = false;
  server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('Connection', 'close');
    answers.add(response);
    response.once('close', () => {
      answers.delete(response);
      if (stopping) closeIdle(server, answers);
    });
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const { code = 'it fails' } = error as NodeJS.ErrnoException;
    const isAboutHost = /^(EADDRNOTAVAIL|ENOTFOUND|EAI_)/.test(code);
    const why = code === 'EADDRINUSE' ? `${code}: another process does` : code;
    throw new Error(`${isAboutHost ? 'HOST' : setting}: cannot listen on ${host}:${port} (${why})`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      stopping = true;
      return close(server, answers);
    },
  };
}

async function close(server: Server, answers: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = once(server, 'close');
  // The server's own close would begin by cutting answers off; see below.
  NetServer.prototype.close.call(server);
  closeIdle(server, answers);
  await closed;
  // Now it only ends the looking for requests that take too long.
  server.close();
}

/** Node takes a connection for idle whose answer it has, though not yet sent; so nothing is closed while there is one. */
function closeIdle(server: Server, answers: ReadonlySet<ServerResponse>): void {
  if (![...answers].some(({ writableEnded }) => writableEnded)) server.closeIdleConnections();
}
