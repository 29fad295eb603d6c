import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { breakingChanges } from './breaking-changes.mjs';

/**
 * Writes documents into a folder, by the names of their files; all or, where what is published would break, none.
 * @param {Record<string, string>} files
 * @param {string} folder
 * @throws {Error} that names every breaking change of a message, and says what to do instead
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
        `${committed} states what is on the log for ever, and this would break it:`,
        ...broken.map((change) => `  ${change}`),
        'Leave what is published as it is; add a new major version beside it, with an upcaster and a sample:',
        'docs/decisions/0007-evolving-messages.md',
      ].join('\n'),
    );
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
}
