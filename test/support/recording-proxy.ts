import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

export interface RecordingProxy {
  /** A connection string that leads through the proxy. */
  readonly uri: string;
  /** The databases that commands through it were for. */
  databases(): Set<string>;
  close(): void;
}

/** Passes everything on to MongoDB and remembers which databases are named in it. */
export async function recordMongoDb(uri: string): Promise<RecordingProxy> {
  const target = new URL(uri);
  const sockets: Socket[] = [];
  const received: Buffer[][] = [];
  const server = createServer((client) => {
    const chunks: Buffer[] = [];
    received.push(chunks);
    const upstream = connect(Number(target.port), target.hostname);
    client.on('data', (chunk) => chunks.push(chunk));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) sockets.push(socket.on('error', () => client.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`,
    databases() {
      // Every command of the wire protocol carries its database as the BSON string `$db`.
      const named = received.flatMap((chunks) => stringsNamed('$db', Buffer.concat(chunks)));
      return new Set(named);
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The values of a BSON string of this name: type 2, the name, zero, four bytes of length, the text, zero. */
function stringsNamed(name: string, bytes: Buffer): string[] {
  const head = Buffer.from(`\u0002${name}\0`);
  const values: string[] = [];
  for (let at = bytes.indexOf(head); at !== -1; at = bytes.indexOf(head, at + 1)) {
    const start = at + head.length + 4;
    values.push(bytes.toString('utf8', start, bytes.indexOf(0, start)));
  }
  return values;
}
