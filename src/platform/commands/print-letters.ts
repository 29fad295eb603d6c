import { isUtf8 } from 'node:buffer';
import type { LoggedRecord } from '../log/bus.js';
import { placeName } from '../consuming/dead-letter.js';
import type { DeadLetter } from '../consuming/dead-letters.js';
import { inColumns } from './columns.js';

const MAX_KEY_LENGTH = 40;
const DUMPED_BYTES = 256;
const BYTES_A_LINE = 16;

type HeaderValue = string | Buffer;

/** Dead letters as a table, a line each below the names of the columns. */
export function toTable(deadLetters: readonly DeadLetter[]): string[] {
  const rows = deadLetters.map(({ id, letter, waiting }) => [
    printable(id),
    shortened(keyText(letter.key)),
    printable(letter.time),
    String(letter.attempts),
    waiting.length > 0 ? 'waits' : 'redriven',
    printable(letter.reason),
  ]);
  return inColumns([['ID', 'KEY', 'WHEN', 'ATTEMPTS', 'STATE', 'WHY'], ...rows]);
}

/** A dead letter as one line of JSON, without its value. */
export function toJsonLine({ id, letter, waiting }: DeadLetter): string {
  const { key, time, attempts, reason, stack, bytes, isOmitted } = letter;
  return JSON.stringify({
    id,
    key: key === null ? null : keyText(key),
    time,
    attempts,
    reason,
    ...(stack && { programmingError: true, stack }),
    bytes,
    valueOmitted: isOmitted,
    waiting: waiting.length > 0,
  });
}

/** All of a dead letter; `original` is undefined where the log does not have its content any more. */
export function toPage({ id, letter, waiting }: DeadLetter, original: LoggedRecord | undefined): string[] {
  const facts: [string, string][] = [
    ['record', id],
    ['letter', placeName(letter.place)],
    ['state', waiting.length > 0 ? 'waits' : 'redriven'],
    ['why', letter.reason],
    ['attempts', String(letter.attempts)],
    ['when', letter.time],
    ...(letter.stack ?? []).map((place): [string, string] => ['failed at', place]),
    ['key', keyText(original?.key ?? letter.key)],
  ];
  const headers = Object.entries(original?.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each) => [`header ${name}`, headerText(each)] as const),
  );
  const width = Math.max(...[...facts, ...headers].map(([name]) => name.length));
  const lines = [...facts, ...headers].map(([name, text]) => `${printable(name.padEnd(width))}  ${printable(text)}`);
  const origin = letter.isOmitted
    ? ['', 'The value was too large for a letter; this is the one in the original topic.']
    : [];
  return [...lines, ...origin, '', ...valueLines(original)];
}

/** Text that a terminal takes for nothing but text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function valueLines(original: LoggedRecord | undefined): string[] {
  if (!original) return ['The value is not in the log any more.'];
  const { value } = original;
  if (value === null) return ['No value: a tombstone.'];
  if (value.length === 0) return ['An empty value: 0 bytes.'];
  if (!isUtf8(value)) return [`A binary value of ${value.length} bytes, which begins:`, ...hexDump(value)];
  const text = value.toString('utf8');
  const pretty = prettyJson(text);
  const kind = pretty === undefined ? 'A value of text that is not JSON' : 'A value of JSON';
  return [`${kind}, ${value.length} bytes:`, ...(pretty ?? text).split('\n').map(printable)];
}

/** Undefined for what is not JSON. What is nested so deeply that indenting it would bury it stays as it is. */
function prettyJson(text: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  try {
    const pretty = JSON.stringify(json, undefined, 2);
    return pretty.length < 20 * text.length ? pretty : text;
  } catch {
    return text;
  }
}

function hexDump(value: Buffer): string[] {
  const lines: string[] = [];
  for (let from = 0; from < Math.min(value.length, DUMPED_BYTES); from += BYTES_A_LINE) {
    const bytes = [...value.subarray(from, Math.min(from + BYTES_A_LINE, DUMPED_BYTES))];
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${from.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * BYTES_A_LINE)} ${text}`);
  }
  return lines;
}

function keyText(key: Buffer | null): string {
  return key === null ? '(no key)' : printable(bytesText(key));
}

function headerText(value: HeaderValue): string {
  return typeof value === 'string' ? value : bytesText(value);
}

function bytesText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : `0x${bytes.toString('hex')}`;
}

function shortened(text: string): string {
  return text.length <= MAX_KEY_LENGTH ? text : `${text.slice(0, MAX_KEY_LENGTH - 3)}...`;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`;
}
