import { PlatformError } from '../tools/errors.js';

/** New collections beside a context's live ones, to be filled from the log and then put in their place. */
export interface Rebuild<Database> {
  /** The new collections: adapters over it read and write those, under the names of the live ones. */
  readonly database: Database;
  /**
   * Holds back every write to the live collections, of every process, until {@link swap} or {@link discard}, or until it
   * runs out. Answers when the last write is over.
   * @throws RebuildOvertaken when the new collections are no longer this rebuild's; nothing is held back then.
   */
  fence(): Promise<void>;
  /**
   * Puts the new collections, one after the other, in the place of the fenced ones. To write to the new ones from here
   * on is a mistake. May be repeated where it ended without an answer.
   * @throws RebuildOvertaken
   */
  swap(): Promise<void>;
  /** Drops what is left of the new collections and lets writes go on. Right after a swap, too, and after its failure. */
  discard(): Promise<void>;
}

/** The live collections may have been written to after the fence, so the new ones must not replace them. */
export class RebuildOvertaken extends PlatformError {
  /** @param swapped names of the live collections that are new ones already, each complete by itself */
  constructor(readonly swapped: readonly string[]) {
    const outcome =
      swapped.length === 0
        ? 'the live collections are as they were'
        : `${swapped.join(', ')} had been replaced, the other live collections are as they were`;
    super('conflict', 'rebuild-overtaken', `the fence ran out, or another rebuild took over; ${outcome}`);
  }
}
