import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** The network of one client. A test can make its connections stall. */
export interface StallableNetwork {
  readonly socketFactory: ISocketFactory;
  /** Stops reading from the open connections, without an error. New connections work. */
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
