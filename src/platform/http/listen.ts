import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  let stopping = false;
  server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('Connection', 'close');
    response.once('close', () => stopping && server.closeIdleConnections());
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const { code = 'it fails' } = error as NodeJS.ErrnoException;
    const isAboutHost = /^(EADDRNOTAVAIL|ENOTFOUND|EAI_)/.test(code);
    throw new Error(`${isAboutHost ? 'HOST' : setting}: cannot listen on ${host}:${port} (${code})`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      stopping = true;
      return close(server);
    },
  };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed;
}
