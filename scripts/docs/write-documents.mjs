import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { breakingChanges } from './breaking-changes.mjs';

/**
 * Writes documents into a folder, by file name: all of them, or none if a published message would break.
 * @param {Record<string, string>} files
 * @param {string} folder
 * @throws {Error} that lists every breaking change of a message, and the alternative
 */
export function writeDocuments(files, folder) {
  const file = 'asyncapi.json';
  const committed = path.join(folder, file);
  const broken = existsSync(committed)
    ? breakingChanges(JSON.parse(readFileSync(committed, 'utf8')), JSON.parse(files[file] ?? ''))
    : [];
  if (broken.length > 0) {
    throw new Error(
      [
        `${committed} describes events that stay in the log permanently. This change would break it:`,
        ...broken.map((change) => `  ${change}`),
        'Keep published messages unchanged; add a new major version with an upcaster and a sample:',
        'docs/decisions/0007-evolving-messages.md',
      ].join('\n'),
    );
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
}
