// By the digest of files a script knows whether what it made of them is still what it would make.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Of the names and the contents; a file that is missing counts too.
 * @param {Iterable<string>} files
 */
export function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    hash.update(JSON.stringify([file, unlessMissing(() => readFileSync(file, 'latin1'))]));
  }
  return hash.digest('hex');
}

/**
 * All files in a folder and in those below it; none where there is no such folder.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesIn(folder) {
  const entries = unlessMissing(() => readdirSync(folder, { recursive: true, withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
}

/**
 * @template T
 * @param {() => T} read
 */
function unlessMissing(read) {
  try {
    return read();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}
