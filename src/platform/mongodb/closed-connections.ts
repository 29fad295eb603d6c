import type { EventEmitter } from 'node:events';

/** The parts of the driver's internal class that are used here. */
interface Connection extends EventEmitter {
  /** The reason for the close. */
  readonly error: Error | null;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

let patched: Promise<void> | undefined;

/**
 * Patches the driver, so that a command fails when its connection closes while the command is being sent. The driver
 * (7.9) waits for `drain` when a command exceeds the socket's buffer (16 KiB), and a closed socket never emits
 * `drain`: the bulk write, and all later ones that wait for it, would hang permanently. See docs/patched-packages.md.
 * @throws Error when the driver does not have the patched method
 */
export function failOnClosedConnections(): Promise<void> {
  patched ??= patch();
  return patched;
}

async function patch(): Promise<void> {
  const path = 'mongodb/lib/cmap/connection.js';
  const { Connection } = (await import(path)) as { Connection?: { prototype: Partial<Connection> } };
  const writeCommand = Connection?.prototype.writeCommand;
  if (!Connection || !writeCommand) {
    throw new Error('unsupported MongoDB driver: Connection.writeCommand is missing (docs/patched-packages.md)');
  }
  Connection.prototype.writeCommand = async function (this: Connection, command, options) {
    let onClose = (): void => undefined;
    const closed = new Promise<never>(
      (_, reject) => (onClose = () => reject(this.error ?? new Error('the connection was closed'))),
    );
    this.once('close', onClose);
    try {
      await Promise.race([writeCommand.call(this, command, options), closed]);
    } finally {
      this.off('close', onClose);
    }
  };
}
