import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };
/** A line with an odd number of backslashes at its end. */
const CONTINUED = /(?<!\\)(?:\\\\)*\\$/;
const KEY_AND_VALUE = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s;

/** Parses a properties file as Java does, but as UTF-8. */
export function parseProperties(content: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let pending = '';
  for (const line of [...content.split(/\r\n|[\r\n]/), '']) {
    const rest = line.trimStart();
    if (pending === '' && /^(?:[#!]|$)/.test(rest)) continue;
    const isContinued = CONTINUED.test(rest);
    pending += isContinued ? rest.slice(0, -1) : rest;
    if (isContinued) continue;
    const [, key = '', value = ''] = KEY_AND_VALUE.exec(pending) ?? [];
    properties.set(unescape(key), unescape(value));
    pending = '';
  }
  return properties;
}

function unescape(escaped: string): string {
  return escaped.replaceAll(/\\(?:u([\da-f]{4})|(.))/gi, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(parseInt(code, 16)),
  );
}

/**
 * Reads the properties of a file, or of a folder with a file for each, as Kubernetes mounts a ConfigMap or a Secret.
 * @throws the file system's error
 */
export function readProperties(location: string): ReadonlyMap<string, string> {
  if (!statSync(location).isDirectory()) return parseProperties(readFileSync(location, 'utf8'));
  // Kubernetes mounts the files in a hidden folder and adds links to them: `..data` and one per file.
  const names = readdirSync(location).filter(
    (name) => !name.startsWith('.') && statSync(path.join(location, name)).isFile(),
  );
  return new Map(names.map((name) => [name, readValue(path.join(location, name))]));
}

/** Returns a file's content without the final newline. @throws the file system's error */
export function readValue(file: string): string {
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
}
