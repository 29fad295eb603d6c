import type { ExpectedVersions } from '../../aggregate/change-aggregate.js';

/** The entity tag of a version (RFC 9110): strong, and the version itself. */
export function toETag(version: number): string {
  return `"${version}"`;
}

/** What an `If-Match` header allows. A weak or foreign tag matches nothing, as RFC 9110 has it. */
export function parseIfMatch(header: string | undefined): ExpectedVersions {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  return header.split(',').flatMap((tag) => {
    const version = /^\s*"([1-9]\d{0,14})"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
