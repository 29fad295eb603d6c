import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '../tools/errors.js';
import type { GivenUp } from '../rebuilding/forks.js';

/**
 * A file of the data that resolving forks discards, one JSON object per line. Only its owner can read it, because it
 * holds personal data.
 */
export class ForkArchive {
  readonly file: string;
  count = 0;
  private handle: FileHandle | undefined;

  constructor(module: string, file?: string) {
    const time = new Date().toISOString().replaceAll(/[-:.]/g, '');
    this.file = path.resolve(file ?? `forks-${module}-${time}.jsonl`);
  }

  /** Resolves when the data is on disk. @throws PlatformError that names the file when it cannot be written */
  async add(givenUp: GivenUp): Promise<void> {
    try {
      this.handle ??= await open(this.file, 'ax', 0o600);
      await this.handle.appendFile(`${JSON.stringify(givenUp)}\n`);
      await this.handle.datasync();
    } catch (error) {
      throw new PlatformError('rejected', 'cannot-be-kept', `${this.file} cannot be written`, undefined, {
        cause: error,
      });
    }
    this.count += 1;
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }
}
