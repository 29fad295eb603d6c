/** One line of a file of master keys. */
export interface MasterKeyLine {
  readonly id: string;
  /** Base64 of the 32 bytes, or `<service>:...`: what a key management service has encrypted. */
  readonly value: string;
  /** Counted from 1. */
  readonly number: number;
}

const ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Parses a file of master keys: a line for each, `<id> <base64 of 32 bytes>`, the newest last. Blank lines, and lines
 * that begin with #, are ignored.
 * @throws Error with one line that names the number of the wrong line, and quotes nothing of it
 */
export function parseMasterKeyLines(content: string): MasterKeyLine[] {
  const lines = content
    .split('\n')
    .map((text, index) => ({ text: text.trim(), number: index + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ text, number }) => parseLine(text, number));
  if (lines.length === 0) throw new Error('contains no master key');
  const first = new Map<string, number>();
  for (const { id, number } of lines) {
    if (first.has(id)) throw new Error(`line ${number}: has the id of line ${first.get(id)}`);
    first.set(id, number);
  }
  return lines;
}

function parseLine(text: string, number: number): MasterKeyLine {
  const [id = '', value, ...more] = text.split(/\s+/);
  if (value === undefined || more.length > 0) throw new Error(`line ${number}: is not an id, a blank and a key`);
  if (!ID.test(id)) throw new Error(`line ${number}: the id is not 1 to 64 letters, digits, '.', '_' or '-'`);
  if (!value.includes(':')) decodeMasterKey(value, number);
  return { id, value, number };
}

/** @throws Error that names the number of the line when the value is not the base64 of 32 bytes */
export function decodeMasterKey(value: string, number: number): Buffer {
  const bytes = Buffer.from(value, 'base64');
  // Buffer skips what is not base64.
  if (bytes.toString('base64') !== value) throw new Error(`line ${number}: the key is not base64`);
  if (bytes.length !== 32) throw new Error(`line ${number}: the key has ${bytes.length} bytes instead of 32`);
  return bytes;
}
