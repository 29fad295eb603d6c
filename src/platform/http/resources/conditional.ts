import type { ExpectedVersions } from '../../aggregate/change-aggregate.js';
import { refuseLongValue } from './header-value.js';

/** Returns the strong entity tag of a version (RFC 9110): the quoted version. */
export function toETag(version: number): string {
  return `"${version}"`;
}

/**
 * Returns the versions that an `If-Match` header allows. A weak or unknown tag matches no version (RFC 9110).
 * @throws PlatformError `invalid` when the header is too long
 * @example
 * parseIfMatch('"3", "4"'); // [3, 4]
 * parseIfMatch('*'); // 'any'
 * parseIfMatch(undefined); // undefined: no condition
 */
export function parseIfMatch(header: string | undefined): ExpectedVersions {
  if (header === undefined) return undefined;
  refuseLongValue('If-Match', header);
  if (header.trim() === '*') return 'any';
  return header.split(',').flatMap((tag) => {
    const version = /^\s*"([1-9]\d{0,14})"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
