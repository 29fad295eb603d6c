import { PlatformError } from '../tools/errors.js';

/** New collections beside a context's live ones. They are filled from the log and then replace the live ones. */
export interface Rebuild<Database> {
  /** The new collections, under the names of the live ones. */
  readonly database: Database;
  /** With it, other threads and processes open the new collections too; undefined if they cannot. */
  readonly name?: string;
  /**
   * Raises a write fence: blocks writes of all processes to the live collections until {@link swap}, {@link discard} or
   * the fence's expiry. Resolves when the last write in flight has finished.
   * @throws RebuildOvertaken when another rebuild has dropped the new collections; no write is blocked then.
   */
  fence(): Promise<void>;
  /**
   * Replaces the fenced collections by the new ones, one after the other. Do not write to the new ones after this call.
   * It may be repeated when its outcome is unknown.
   * @throws RebuildOvertaken
   */
  swap(): Promise<void>;
  /** Drops the remaining new collections and lifts the write fence. Call it after a swap too, even a failed one. */
  discard(): Promise<void>;
}

/** The live collections may have changed after the write fence, so the new ones must not replace them. */
export class RebuildOvertaken extends PlatformError {
  /** @param swapped names of the live collections that were replaced already, each of them complete */
  constructor(readonly swapped: readonly string[]) {
    const outcome =
      swapped.length === 0
        ? 'the live collections are unchanged'
        : `already replaced: ${swapped.join(', ')}; the other live collections are unchanged`;
    super('conflict', 'rebuild-overtaken', `the write fence expired, or another rebuild took over; ${outcome}`);
  }
}
