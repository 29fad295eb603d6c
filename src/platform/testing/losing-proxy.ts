import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LosingProxy {
  /** Connection string of the proxy. */
  readonly uri: string;
  /**
   * Loses the answer to the next request with these bytes: the request reaches the server, then the connection breaks.
   * @param meanwhile called after the answer has arrived, before the connection breaks
   */
  loseAnswerTo(bytes: string, meanwhile?: () => Promise<unknown>): void;
  /** Closes the server's side while the next request with these bytes is being sent; the request is lost. */
  hangUpOn(bytes: string): void;
  /** Keeps every request with all of these bytes from the server, without an answer. */
  holdBack(...bytes: string[]): void;
  /** Number of requests that were held back. */
  heldBack(): number;
  /** Stops forwarding in both directions, and keeps the connections open. */
  standStill(): void;
  /** Forwards again. Connections that were made meanwhile are closed. */
  goOn(): void;
  /** Number of lost answers and requests. */
  lost(): number;
  close(): void;
}

/** Starts a proxy to MongoDB that can lose chosen answers and requests. */
export async function losingProxy(uri: string): Promise<LosingProxy> {
  const target = new URL(uri);
  const sockets: Socket[] = [];
  let losing: { readonly bytes: string; readonly meanwhile: () => Promise<unknown> } | undefined;
  let hangingUpOn: string | undefined;
  let holdingBack: readonly string[] | undefined;
  let heldBack = 0;
  let lost = 0;
  let isStanding = false;
  const madeMeanwhile: Socket[] = [];
  const server = createServer((client) => {
    if (isStanding) {
      sockets.push(client);
      madeMeanwhile.push(client.on('error', () => client.destroy()));
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    let meanwhile: (() => Promise<unknown>) | undefined;
    client.on('data', (chunk) => {
      if (hangingUpOn !== undefined && chunk.includes(hangingUpOn)) {
        hangingUpOn = undefined;
        lost += 1;
        upstream.removeAllListeners('close').destroy();
        // Data that is still arriving is read and discarded.
        client.removeAllListeners('data').end().resume();
        return;
      }
      if (holdingBack?.every((bytes) => chunk.includes(bytes)) === true) {
        heldBack += 1;
        return;
      }
      if (losing && chunk.includes(losing.bytes)) {
        meanwhile = losing.meanwhile;
        losing = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!meanwhile) {
        client.write(chunk);
        return;
      }
      lost += 1;
      void meanwhile().finally(() => client.destroy());
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    for (const socket of [client, upstream]) sockets.push(socket.on('error', () => client.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`,
    loseAnswerTo(bytes, meanwhile = () => Promise.resolve()) {
      losing = { bytes, meanwhile };
    },
    hangUpOn(bytes) {
      hangingUpOn = bytes;
    },
    holdBack(...bytes) {
      holdingBack = bytes;
    },
    heldBack: () => heldBack,
    standStill() {
      isStanding = true;
      for (const socket of sockets) socket.pause();
    },
    goOn() {
      isStanding = false;
      for (const socket of madeMeanwhile.splice(0)) socket.destroy();
      for (const socket of sockets) socket.resume();
    },
    lost: () => lost,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
