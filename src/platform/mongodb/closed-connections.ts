import type { EventEmitter } from 'node:events';

/** The driver's own class, as far as it matters here. */
interface Connection extends EventEmitter {
  /** Why it was closed. */
  readonly error: Error | null;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

let mended: Promise<void> | undefined;

/**
 * Has a command fail when its connection is closed while it is being sent. The driver (7.9) waits for the socket to have
 * taken a command of more than 16 KiB, and Node.js never says so of a socket that the server has closed: a bulk write,
 * with all who share it and all who come after, would wait for ever.
 * @throws Error when the driver is not the one that this is for
 */
export function failOnClosedConnections(): Promise<void> {
  mended ??= mend();
  return mended;
}

async function mend(): Promise<void> {
  const path = 'mongodb/lib/cmap/connection.js';
  const { Connection } = (await import(path)) as { Connection?: { prototype: Partial<Connection> } };
  const writeCommand = Connection?.prototype.writeCommand;
  if (!Connection || !writeCommand) throw new Error('this MongoDB driver does not send commands as 7.9 does');
  Connection.prototype.writeCommand = async function (this: Connection, command, options) {
    let onClose = (): void => undefined;
    const closed = new Promise<never>((_, reject) => (onClose = () => reject(this.error ?? new Error('closed'))));
    this.once('close', onClose);
    try {
      await Promise.race([writeCommand.call(this, command, options), closed]);
    } finally {
      this.off('close', onClose);
    }
  };
}
