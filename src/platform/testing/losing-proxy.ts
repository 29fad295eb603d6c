import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LosingProxy {
  /** A connection string that leads through the proxy. */
  readonly uri: string;
  /**
   * The next request with these bytes in it reaches the server, and its answer nobody: the connection breaks then.
   * @param meanwhile done between the two
   */
  loseAnswerTo(bytes: string, meanwhile?: () => Promise<unknown>): void;
  /** The next request that begins with these bytes in it reaches nobody: the server's side is closed while it is sent. */
  hangUpOn(bytes: string): void;
  /** Passes nothing on any more, in neither direction, and closes nothing. */
  standStill(): void;
  /** Passes everything on again; connections that were made meanwhile are closed. */
  goOn(): void;
  /** How many answers got lost, or requests. */
  lost(): number;
  close(): void;
}

/** Passes everything on to MongoDB, and loses the answers that it is told to lose. */
export async function losingProxy(uri: string): Promise<LosingProxy> {
  const target = new URL(uri);
  const sockets: Socket[] = [];
  let losing: { readonly bytes: string; readonly meanwhile: () => Promise<unknown> } | undefined;
  let hangingUpOn: string | undefined;
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
        // What is still on its way is taken, and leads nowhere.
        client.removeAllListeners('data').end().resume();
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
