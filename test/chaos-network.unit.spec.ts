import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Link, openLink } from '../scripts/chaos/network.mjs';
import { eventually } from '../src/platform/testing/eventually.js';

/** A server that answers each chunk with itself, and one client that reaches it through the proxy. */
describe('the proxy between an instance and a server', () => {
  let server: Server;
  let link: Link;
  let client: Socket;
  let asked: string;
  let answered: string;
  let ended: boolean;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    [asked, answered, ended] = ['', '', false];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('data', (chunk) => (asked += String(chunk)) && socket.write(chunk));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    link = await openLink((server.address() as AddressInfo).port);
    client = connectTo(link.port);
    await ask('1');
  });

  afterEach(() => {
    client.destroy();
    link.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  function connectTo(port: number): Socket {
    const socket = connect({ port, host: '127.0.0.1' });
    return socket
      .on('error', () => undefined)
      .on('end', () => (ended = true))
      .on('data', (chunk) => (answered += String(chunk)));
  }

  const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

  async function ask(text: string): Promise<void> {
    const before = answered;
    client.write(text);
    await eventually(() => expect(answered).toBe(before + text));
  }

  it('lets everything through', async () => {
    await ask('2');
    expect(asked).toBe('12');
  });

  it('is a black hole: nothing arrives, nothing is closed, and afterwards it arrives late', async () => {
    link.behave('black-hole');
    client.write('2');
    const other = connectTo(link.port);
    await once(other, 'connect');
    other.write('3');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([asked, client.closed, ended]).toEqual(['1', false, false]);
    link.behave('pass');
    await eventually(() => expect([...asked].sort().join('')).toBe('123'));
    other.destroy();
  });

  it('half-closes: the request arrives, in place of the answer comes the end', async () => {
    link.behave('half-close');
    client.write('2');
    await eventually(() => expect([asked, ended]).toEqual(['12', true]));
    expect(answered).toBe('1');
  });

  it('resets connections, and new ones', async () => {
    const gone = closed(client);
    link.behave('reset');
    await gone;
    const again = connectTo(link.port);
    await closed(again);
    link.behave('pass');
    client = connectTo(link.port);
    await ask('2');
  });

  it('drops connections and lets new ones through', async () => {
    const gone = closed(client);
    link.behave('drop');
    await gone;
    client = connectTo(link.port);
    await ask('2');
  });

  it('delays both ways, and keeps the order when that ends', async () => {
    link.behave('delay');
    const began = performance.now();
    client.write('2');
    // Taken while it still delays.
    await new Promise((resolve) => setTimeout(resolve, 100));
    link.behave('pass');
    client.write('3');
    await eventually(() => expect(answered).toBe('123'));
    expect(asked).toBe('123');
    expect(performance.now() - began).toBeGreaterThanOrEqual(500);
  });
});
