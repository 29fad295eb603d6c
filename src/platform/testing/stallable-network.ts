import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** The network of one client, in which a test can have answers swallowed. */
export interface StallableNetwork {
  readonly socketFactory: ISocketFactory;
  /** From now on nothing arrives any more on the connections that are open; nobody is told, and new ones work. */
  stall(): void;
}

export function stallableNetwork(): StallableNetwork {
  const open = new Set<Socket>();
  return {
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      return socket;
    },
    stall: () => {
      for (const socket of open) socket.pause();
    },
  };
}
