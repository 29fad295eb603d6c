import { styleText } from 'node:util';
import { type LoggedError, stackTraceOf } from './logged-error.js';

type Color = Parameters<typeof styleText>[0];

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly err?: LoggedError;
  readonly stack?: readonly string[];
}

const COLORS: Readonly<Record<string, Color>> = {
  trace: 'gray',
  debug: 'cyan',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
};

/**
 * Returns a line of JSON as text for people: local time, level, message and fields, and the stack of an error below.
 * Returns any other line unchanged.
 * @param hasColors whether the text may have escape sequences
 */
export function toPrettyLine(json: string, hasColors: boolean): string {
  const line = parse(json);
  if (!line) return json;
  const { level, time, msg = '', err, stack, ...fields } = line;
  const paint = (color: Color, text: string) => (hasColors ? styleText(color, text, { validateStream: false }) : text);
  const details = Object.entries(fields).map(([name, value]) => `${name}=${toText(value)}`);
  const head = [
    paint('gray', clockTime(time)),
    paint(COLORS[level] ?? 'white', level.toUpperCase().padEnd(5)),
    printable(msg),
    ...(details.length > 0 ? [paint('gray', details.join(' '))] : []),
  ];
  const below = [...(err ? stackTraceOf(err).split('\n') : []), ...(stack ?? [])];
  return [head.join(' '), ...below.map((each) => `    ${printable(each.trim())}`)].join('\n') + '\n';
}

function parse(json: string): Line | undefined {
  try {
    const line = JSON.parse(json) as Partial<Line> | null;
    return typeof line?.level === 'string' && typeof line.time === 'string' ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

function clockTime(time: string): string {
  const date = new Date(time);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits);
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function toText(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? printable(value) : printable(JSON.stringify(value));
}

/** Escapes control characters: a value must not move the cursor of a terminal or begin another line. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
