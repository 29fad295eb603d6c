import { type ClientSockets, clientSockets } from './client-sockets.js';

/** The network of one client. A test can cut it, so that the process looks dead to others. */
export interface CuttableNetwork extends Pick<ClientSockets, 'client'> {
  cut(): void;
  mend(): void;
}

export function cuttableNetwork(): CuttableNetwork {
  let isCut = false;
  const { client, open } = clientSockets((socket) => {
    if (isCut) socket.destroy(cutOff());
  });
  return {
    client,
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
