import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Published by `@platformatic/kafka`, which has no option for its sockets. */
const CONNECTS = 'tracing:plt:kafka:connections:connects:end';

/** The connections of one client of Kafka, whichever it is. */
export interface ClientSockets {
  /** Settings of the client. */
  readonly client: { readonly clientId: string; readonly socketFactory: ISocketFactory };
  readonly open: ReadonlySet<Socket>;
}

/** @param onOpen called with each new connection */
export function clientSockets(onOpen: (socket: Socket) => void = () => undefined): ClientSockets {
  const clientId = `client-${randomUUID()}`;
  const open = new Set<Socket>();
  const add = (socket: Socket): Socket => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    onOpen(socket);
    return socket;
  };
  subscribe(CONNECTS, (message) => {
    const { connection } = message as { connection: { context: unknown; socket: Socket } };
    if (connection.context === clientId && !open.has(connection.socket)) add(connection.socket);
  });
  return {
    client: { clientId, socketFactory: ({ host, port, onConnect }) => add(connect({ host, port }, onConnect)) },
    open,
  };
}
