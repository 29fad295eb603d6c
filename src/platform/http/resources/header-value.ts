import { PlatformError } from '../../tools/errors.js';

/** Characters of a header field that a client sends. */
export const MAX_HEADER_VALUE = 8_000;

/** @throws PlatformError `invalid` for a longer value */
export function refuseLongValue(name: string, value: string): void {
  if (value.length <= MAX_HEADER_VALUE) return;
  const errors = [{ pointer: `/${name}`, message: `must NOT have more than ${MAX_HEADER_VALUE} characters` }];
  throw new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
}
