import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };
/** With an odd number of backslashes at its end. */
const CONTINUED = /(?<!\\)(?:\\\\)*\\$/;
const KEY_AND_VALUE = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s;

/** Keys and values of a properties file, as Java reads it, but as UTF-8. */
export function parseProperties(content: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let begun = '';
  for (const line of [...content.split(/\r\n|[\r\n]/), '']) {
    const rest = line.trimStart();
    if (begun === '' && /^(?:[#!]|$)/.test(rest)) continue;
    const isContinued = CONTINUED.test(rest);
    begun += isContinued ? rest.slice(0, -1) : rest;
    if (isContinued) continue;
    const [, key = '', value = ''] = KEY_AND_VALUE.exec(begun) ?? [];
    properties.set(unescape(key), unescape(value));
    begun = '';
  }
  return properties;
}

function unescape(escaped: string): string {
  return escaped.replaceAll(/\\(?:u([\da-f]{4})|(.))/gi, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(parseInt(code, 16)),
  );
}

/**
 * Properties of a file, or of a folder that has a file for each, as Kubernetes mounts a ConfigMap or a Secret.
 * @throws the file system's error
 */
export function readProperties(place: string): ReadonlyMap<string, string> {
  if (!statSync(place).isDirectory()) return parseProperties(readFileSync(place, 'utf8'));
  // Kubernetes keeps the files in a folder with a time for its name, `..data` leads there, and the rest into that.
  const names = readdirSync(place).filter((name) => !name.startsWith('.') && statSync(path.join(place, name)).isFile());
  return new Map(names.map((name) => [name, readValue(path.join(place, name))]));
}

/** What a file holds, without the newline at its end. @throws the file system's error */
export function readValue(file: string): string {
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
}
