import { PlatformError } from '../../tools/errors.js';

/**
 * RFC 3339, with at most nine digits of a second
 * @format date-time
 */
export type Time = string;

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
/** An offset can move a time out of the years with four digits; such times would not sort as text. */
const FIRST = Date.parse('0000-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Converts an RFC 3339 time to the form of times in events: UTC with milliseconds.
 * @param pointer names the parameter in the error
 * @throws PlatformError `invalid`
 * @example
 * parseTime('/at', '2026-11-23T05:10:20+01:00'); // '2026-11-23T04:10:20.000Z'
 */
export function parseTime(pointer: string, text: string): string {
  const time = milliseconds(text);
  if (Number.isNaN(time)) {
    const errors = [{ pointer, message: 'must be an RFC 3339 date-time' }];
    throw new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
  }
  return new Date(Math.min(Math.max(time, FIRST), LAST)).toISOString();
}

function milliseconds(text: string): number {
  const [, date = '', time = '', fraction = '', offset = ''] = RFC_3339.exec(text) ?? [];
  const local = Date.parse(`${date}T${time}Z`);
  // Date.parse accepts 30 February as 2 March, and 24:00 as the next day.
  const exists = !Number.isNaN(local) && new Date(local).toISOString().startsWith(`${date}T${time}`);
  return exists ? Date.parse(`${date}T${time}${fraction}${offset.toUpperCase()}`) : Number.NaN;
}
