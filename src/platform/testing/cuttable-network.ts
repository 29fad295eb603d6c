import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** The network of one client. A test can cut it, so that the process looks dead to others. */
export interface CuttableNetwork {
  readonly socketFactory: ISocketFactory;
  cut(): void;
  mend(): void;
}

export function cuttableNetwork(): CuttableNetwork {
  const open = new Set<Socket>();
  let isCut = false;
  return {
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      if (isCut) socket.destroy(cutOff());
      return socket;
    },
    cut: () => {
      isCut = true;
      for (const socket of open) socket.destroy(cutOff());
    },
    mend: () => {
      isCut = false;
    },
  };
}

/** An error is needed: otherwise kafkajs would not notice, and would wait for answers. */
function cutOff(): Error {
  return new Error('the network is cut');
}
