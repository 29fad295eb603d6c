import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns the file of master keys in this folder, with which the processes on these servers seal personal data. Creates
 * it once: what is on the servers can be opened with it for as long as the folder is there.
 * @param {string} folder
 */
export function masterKeysIn(folder) {
  const file = join(folder, 'master-keys');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(partial, `development ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  try {
    linkSync(partial, file);
  } catch (error) {
    // Another process has created it.
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(partial);
  }
  return file;
}
