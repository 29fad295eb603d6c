import { PlatformError } from '../errors.js';

/** New collections beside a context's live ones, to be filled from the log and then put in their place. */
export interface Rebuild<Database> {
  /** The new collections: adapters over it read and write those, under the names of the live ones. */
  readonly database: Database;
  /**
   * Holds back every write to the live collections, of every process, until {@link swap} or {@link discard}, or until
   * it runs out. Answers when the last write is over.
   */
  fence(): Promise<void>;
  /** @throws RebuildOvertaken */
  swap(): Promise<void>;
  discard(): Promise<void>;
}

/** The fence ran out, or another rebuild took over: this one puts nothing in the place of anything. */
export class RebuildOvertaken extends PlatformError {
  constructor(message: string) {
    super('conflict', 'rebuild-overtaken', message);
  }
}
