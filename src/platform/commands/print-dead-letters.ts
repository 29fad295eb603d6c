import { isUtf8 } from 'node:buffer';
import type { LoggedRecord } from '../log/bus.js';
import { locationName } from '../consuming/dead-letter.js';
import type { DeadLetterGroup, ListedDeadLetter } from '../consuming/browse-dead-letters.js';
import type { DeadLetter } from '../consuming/dead-letters.js';
import { alignColumns } from './columns.js';

const MAX_KEY_LENGTH = 40;
const MAX_DUMPED_BYTES = 256;
const BYTES_PER_LINE = 16;

type HeaderValue = string | Buffer;

/** Returns dead letters as a table with a header line. */
export function toTable(deadLetters: readonly ListedDeadLetter[]): string[] {
  const hasDiscarded = deadLetters.some(({ discarded }) => discarded);
  const rows = deadLetters.map((each) => [
    printable(each.id),
    shorten(keyText(each.latest.key)),
    printable(each.latest.time),
    String(each.latest.attempts),
    each.isHealed ? `${each.state}, healed` : each.state,
    printable(each.latest.reason),
    ...(hasDiscarded ? [printable(each.discarded?.reason ?? '')] : []),
  ]);
  const titles = ['ID', 'KEY', 'TIME', 'ATTEMPTS', 'STATE', 'REASON', ...(hasDiscarded ? ['DISCARDED BECAUSE'] : [])];
  return alignColumns([titles, ...rows]);
}

/** Returns groups of dead letters as a table with a header line. */
export function toGroupTable(by: 'reason' | 'type', groups: readonly DeadLetterGroup[]): string[] {
  const rows = groups.map(({ name, count, firstTime, lastTime }) => [
    String(count),
    printable(firstTime),
    printable(lastTime),
    printable(name ?? '(unknown)'),
  ]);
  return alignColumns([['COUNT', 'FIRST', 'LAST', by.toUpperCase()], ...rows]);
}

/** Returns a dead letter as one line of JSON, without its value. */
export function toJsonLine({ id, latest, state, isHealed, discarded }: ListedDeadLetter): string {
  const { key, event, time, attempts, reason, stack, bytes, isOmitted } = latest;
  return JSON.stringify({
    id,
    key: key === null ? null : keyText(key),
    ...(event?.type && { type: event.type }),
    time,
    attempts,
    reason,
    ...(stack && { programmingError: true, stack }),
    bytes,
    valueOmitted: isOmitted,
    state,
    waiting: state === 'pending',
    ...(isHealed && { healed: true }),
    ...(discarded && { discarded: { time: discarded.time, reason: discarded.reason, actor: discarded.actor } }),
  });
}

/**
 * Returns all of a dead letter, line by line.
 * @param original undefined when the log no longer has the record
 */
export function toPage({ id, latest, state, discarded }: DeadLetter, original: LoggedRecord | undefined): string[] {
  const facts: [string, string][] = [
    ['record', id],
    ['dead letter', locationName(latest.location)],
    ['state', state],
    ...discardFacts(discarded),
    ['reason', latest.reason],
    ['attempts', String(latest.attempts)],
    ['time', latest.time],
    ...(latest.stack ?? []).map((place): [string, string] => ['failed at', place]),
    ['key', keyText(original?.key ?? latest.key)],
  ];
  const headers = Object.entries(original?.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each) => [`header ${name}`, headerText(each)] as const),
  );
  const width = Math.max(...[...facts, ...headers].map(([name]) => name.length));
  const lines = [...facts, ...headers].map(([name, text]) => `${printable(name.padEnd(width))}  ${printable(text)}`);
  const note = latest.isOmitted
    ? ['', 'The value was too large for the dead-letter topic; it is shown from the original topic.']
    : [];
  return [...lines, ...note, '', ...valueLines(original)];
}

/** Escapes characters that a terminal would interpret. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escape);
}

function valueLines(original: LoggedRecord | undefined): string[] {
  if (!original) return ['The log no longer has the value.'];
  const { value } = original;
  if (value === null) return ['No value (tombstone).'];
  if (value.length === 0) return ['Empty value, 0 bytes.'];
  if (!isUtf8(value)) return [`Binary value, ${value.length} bytes, starting with:`, ...hexDump(value)];
  const text = value.toString('utf8');
  const pretty = prettyJson(text);
  const kind = pretty === undefined ? 'Text value (not JSON)' : 'JSON value';
  return [`${kind}, ${value.length} bytes:`, ...(pretty ?? text).split('\n').map(printable)];
}

/** Returns indented JSON; undefined for other text. Very deep nesting stays unindented: it would be unreadable. */
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
  for (let from = 0; from < Math.min(value.length, MAX_DUMPED_BYTES); from += BYTES_PER_LINE) {
    const bytes = [...value.subarray(from, Math.min(from + BYTES_PER_LINE, MAX_DUMPED_BYTES))];
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${from.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * BYTES_PER_LINE)} ${text}`);
  }
  return lines;
}

function discardFacts(discarded: DeadLetter['discarded']): [string, string][] {
  if (!discarded) return [];
  const { time, reason, actor } = discarded;
  return [
    ['discarded', time],
    ['because', reason],
    ...(actor === undefined ? [] : [['by', actor] as [string, string]]),
  ];
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

function shorten(text: string): string {
  return text.length <= MAX_KEY_LENGTH ? text : `${text.slice(0, MAX_KEY_LENGTH - 3)}...`;
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`;
}
