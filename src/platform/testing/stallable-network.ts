import { type ClientSockets, clientSockets } from './client-sockets.js';

/** The network of one client. A test can make its connections stall. */
export interface StallableNetwork extends Pick<ClientSockets, 'client'> {
  /** Stops reading from the open connections, without an error. New connections work. */
  stall(): void;
}

export function stallableNetwork(): StallableNetwork {
  const { client, open } = clientSockets();
  return {
    client,
    stall: () => {
      for (const socket of open) socket.pause();
    },
  };
}
