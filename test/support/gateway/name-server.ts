import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll } from '@jest/globals';

const A = 1;
const CACHED_MS = 30_000;

const sockets = new Set<Socket>();

/** A name server as clusters have it: it repeats an answer for 30 seconds, whatever has changed meanwhile. */
export class NameServer {
  private readonly records = new Map<string, readonly string[]>();
  private readonly cache = new Map<string, { addresses: readonly string[]; until: number }>();

  private constructor(private readonly socket: Socket) {
    socket.on('message', (query, { port, address }: RemoteInfo) => socket.send(this.answer(query), port, address));
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4');
    sockets.add(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket);
  }

  /** IP:PORT. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  /** The addresses to answer with once the cached ones have expired. */
  set(name: string, addresses: readonly string[]): void {
    this.records.set(name, addresses);
  }

  expireCache(): void {
    this.cache.clear();
  }

  resolve(name: string): readonly string[] {
    const cached = this.cache.get(name);
    if (cached && cached.until > Date.now()) return cached.addresses;
    const addresses = this.records.get(name) ?? [];
    this.cache.set(name, { addresses, until: Date.now() + CACHED_MS });
    return addresses;
  }

  /** Header, the question again, and one record for each address; none for other types than A. */
  private answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let end = 12;
    for (let length = query[end]!; length > 0; end += length + 1, length = query[end]!)
      labels.push(query.toString('latin1', end + 1, end + 1 + length));
    const isA = query.readUInt16BE(end + 1) === A;
    const addresses = isA ? this.resolve(labels.join('.').toLowerCase()) : [];
    const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, addresses.length, 0, 0, 0, 0]);
    const records = addresses.map((address) =>
      Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 30, 0, 4, ...address.split('.').map(Number)]),
    );
    return Buffer.concat([header, query.subarray(12, end + 5), ...records]);
  }
}

afterAll(() => {
  for (const socket of sockets) socket.close();
});
