import { createConnection, type Socket } from 'node:net';
import { expect } from '@jest/globals';
import express, { type Express } from 'express';
import { problemHandler } from '../http/resources/problem.js';
import type { ServerLimits } from '../http/server/http-server.js';
import { listen, type Listener } from '../http/server/listen.js';
import { requestLimits } from '../http/server/request-limits.js';
import { eventually } from './eventually.js';
import { silentLogger } from './silent-logger.js';

export const HOST = 'Host: localhost\r\n';
/** Timeouts that no test reaches. */
const LONG_TIMEOUTS = {
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  keepAlive: 60_000,
  socketTimeoutMs: 60_000,
  checkIntervalMs: 10,
};

/** The client's end of a connection. */
export interface Connection {
  readonly socket: Socket;
  /** What was received. */
  text: string;
  closed: boolean;
}

/** A listener, and clients that may send anything. */
export class ListenerWorld {
  listener: Listener | undefined;
  private readonly sockets: Socket[] = [];

  async serve(limits: Partial<ServerLimits> = {}, app: Express = answering()): Promise<void> {
    this.listener = await listen(app, '127.0.0.1', 0, 'PORT', { ...LONG_TIMEOUTS, ...limits });
  }

  /** Returns a connection on which this is sent. */
  connect(sent: string): Connection {
    const socket = createConnection(this.listener!.port, '127.0.0.1');
    this.sockets.push(socket);
    const connection = { socket, text: '', closed: false };
    socket.setEncoding('utf8').on('data', (text: string) => (connection.text += text));
    // A server that closes with unread data resets the connection.
    socket.on('error', () => undefined).once('close', () => (connection.closed = true));
    socket.write(sent);
    return connection;
  }

  /** Resolves with all that is received, when the server has closed the connection. */
  async answerTo(sent: string): Promise<string> {
    const connection = this.connect(sent);
    await eventually(() => expect(connection.closed).toBe(true), { every: 5 });
    return connection.text;
  }

  async stop(): Promise<void> {
    const { listener } = this;
    this.listener = undefined;
    await listener?.stop();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.stop();
  }
}

/** An app that answers every GET within the limits. */
export function answering(when: Promise<unknown> = Promise.resolve()): Express {
  const app = express();
  app.use(requestLimits());
  app.get('/{*path}', async (_request, response) => {
    await when;
    response.end('here you are');
  });
  app.use(problemHandler(silentLogger));
  return app;
}

export function expectProblem(answer: string, status: number, code: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
  expect(head).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/i);
  expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
  expect(JSON.parse(body)).toMatchObject({
    type: `urn:problem:${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
  });
}
