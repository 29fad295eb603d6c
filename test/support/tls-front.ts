import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';

/** A server that shows a certificate of its own and passes everything on to another one that speaks TLS. */
export interface TlsFront {
  readonly port: number;
  close(): void;
}

/**
 * @param shown certificate and key, as PEM
 * @param target a port of `localhost`, and the file with the authority of its certificate
 */
export async function tlsFront(
  shown: { readonly certificate: string; readonly key: string },
  target: { readonly port: number; readonly ca: string },
): Promise<TlsFront> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer({ cert: shown.certificate, key: shown.key }, (client) => {
    const upstream = connect({ host: 'localhost', port: target.port, ca: readFileSync(target.ca) });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => client.destroy()).on('close', () => upstream.destroy());
    }
  });
  // A client that does not trust the certificate breaks off.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
