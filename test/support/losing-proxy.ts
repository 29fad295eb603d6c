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
  /** How many answers got lost. */
  lost(): number;
  close(): void;
}

/** Passes everything on to MongoDB, and loses the answers that it is told to lose. */
export async function losingProxy(uri: string): Promise<LosingProxy> {
  const target = new URL(uri);
  const sockets: Socket[] = [];
  let losing: { readonly bytes: string; readonly meanwhile: () => Promise<unknown> } | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let meanwhile: (() => Promise<unknown>) | undefined;
    client.on('data', (chunk) => {
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
    lost: () => lost,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
