import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { MasterKey } from './master-keys.js';
import { reasonOfSystemError } from '../tools/system-error.js';
import { type MasterKeyLine, parseMasterKeyLines } from './master-key-lines.js';

/**
 * Reads a file of master keys, the newest last.
 * @throws Error with one line that quotes nothing of the file
 */
export async function readMasterKeysFile(file: string): Promise<MasterKeyLine[]> {
  return parseMasterKeyLines(await read(file));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot be read (${codeOf(error)})`);
  }
}

/** Returns the line of a file of master keys for this key. */
export function masterKeyLine({ id, bytes }: MasterKey): string {
  return `${id} ${bytes.toString('base64')}`;
}

/**
 * Creates a file with this master key that only its owner can read, unless there is one. Of several processes at the
 * same time one creates it, and none sees a part of it.
 * @throws Error with one line when it cannot be written
 */
export async function createMasterKeysFile(file: string, key: MasterKey): Promise<void> {
  if (existsSync(file)) return;
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await makeFolder(path.dirname(file));
    try {
      await writeDurably(temporary, `${masterKeyLine(key)}\n`);
      await link(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(path.dirname(file));
  } catch (error) {
    if (!existsSync(file)) throw new Error(`cannot be created: ${reasonOfSystemError(error as Error)}`);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    // It is a file: opening one below it gives the better reason.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and needs no sync of them.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
