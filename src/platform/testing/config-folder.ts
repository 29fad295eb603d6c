import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { ConfigError, type LoadedConfig, loadConfig } from '../operating/config/config.js';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.js';

/** The value of secrets in tests of settings. No message may contain it. */
export const SECRET = 's3cr3t';
const MODULES = ['accounts', 'orders'];

/** A folder of settings for each test, and what a process of both modules loads from it. */
export class ConfigFolder {
  private folder!: TemporaryFolder;

  /** Registers hooks: call it while tests are declared. */
  constructor() {
    beforeEach(async () => {
      this.folder = await temporaryFolder();
    });
    afterEach(() => this.folder.remove());
  }

  get path(): string {
    return this.folder.path;
  }

  readonly write = async (name: string, content: string): Promise<string> => {
    const file = path.join(this.path, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    return file;
  };

  readonly load = (environment: NodeJS.ProcessEnv, modules: readonly string[] = MODULES): LoadedConfig =>
    loadConfig(modules, { environment, folder: this.path });

  /** Returns the lines with which the settings are refused. @throws Error if they are valid */
  readonly linesOf = (environment: NodeJS.ProcessEnv, modules: readonly string[] = MODULES): string[] => {
    try {
      this.load(environment, modules);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).not.toContain(SECRET);
      return (error as Error).message.split('\n');
    }
    throw new Error('these settings are valid');
  };
}
