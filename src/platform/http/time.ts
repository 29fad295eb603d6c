import { PlatformError } from '../errors.js';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * A time as events carry it: RFC 3339, UTC, milliseconds.
 * @throws PlatformError `invalid` that names the parameter
 */
export function parseTime(pointer: string, text: string): string {
  const time = RFC_3339.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(time)) {
    const errors = [{ pointer, message: 'must be a time as RFC 3339 has it' }];
    throw new PlatformError('invalid', 'invalid-request', 'the request does not fit the schema', errors);
  }
  return new Date(time).toISOString();
}
