import { once } from 'node:events';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { ownHosts } from './own-hosts.js';

describe('a process that needs no token', () => {
  let server: Server;

  beforeAll(async () => {
    const app = express();
    app.use(ownHosts(['Shop.example', '0.0.0.0']));
    app.use((_request, response) => void response.end('{}'));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => void server.close());

  async function statusOf(headers: Record<string, string>): Promise<number | undefined> {
    const { port } = server.address() as AddressInfo;
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers }).end();
    const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }];
    response.resume();
    return response.statusCode;
  }

  it.each([
    'localhost',
    'LOCALHOST:8080',
    'shop.localhost:1',
    '127.0.0.1:8080',
    '10.1.2.3',
    '[::1]:8080',
    'shop.example:80',
  ])('serves the host %s', async (Host) => {
    expect(await statusOf({ Host })).toBe(200);
    expect(await statusOf({ Host, Origin: `http://${Host}` })).toBe(200);
    expect(await statusOf({ Host, Origin: `https://${Host}` })).toBe(200);
  });

  it.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', 'notlocalhost'])(
    'refuses the host %j',
    async (Host) => {
      expect(await statusOf({ Host })).toBe(421);
    },
  );

  it.each(['http://evil.example', 'http://127.0.0.1:1', 'null', 'http://localhost', 'file://'])(
    'refuses the origin %s',
    async (Origin) => {
      expect(await statusOf({ Host: '127.0.0.1:8080', Origin })).toBe(403);
    },
  );
});
