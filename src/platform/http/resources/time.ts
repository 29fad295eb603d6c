import { PlatformError } from '../../tools/errors.js';

/**
 * RFC 3339
 * @format date-time
 */
export type Time = string;

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
/** With an offset a time may lie in the year before or after those that have four digits, which do not sort as text. */
const FIRST = Date.parse('0000-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A time as events carry it: RFC 3339, UTC, milliseconds.
 * @throws PlatformError `invalid` that names the parameter
 */
export function parseTime(pointer: string, text: string): string {
  const time = milliseconds(text);
  if (Number.isNaN(time)) {
    const errors = [{ pointer, message: 'must be a time as RFC 3339 has it' }];
    throw new PlatformError('invalid', 'invalid-request', 'the request does not fit the schema', errors);
  }
  return new Date(Math.min(Math.max(time, FIRST), LAST)).toISOString();
}

function milliseconds(text: string): number {
  const [, date = '', time = '', fraction = '', offset = ''] = RFC_3339.exec(text) ?? [];
  const local = Date.parse(`${date}T${time}Z`);
  // The parser takes 30 February for 2 March, and 24:00 for the next day.
  const exists = !Number.isNaN(local) && new Date(local).toISOString().startsWith(`${date}T${time}`);
  return exists ? Date.parse(`${date}T${time}${fraction}${offset.toUpperCase()}`) : Number.NaN;
}
