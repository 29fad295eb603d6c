import type { Write } from './writes.js';

/** Returns the sublevel with the index of a collection's pending events. */
export function dueOf(collection: string): string {
  return `${collection}.due`;
}

/** Returns the sublevel with the index of a collection's remembered commands. */
export function rememberingOf(collection: string): string {
  return `${collection}.remembering`;
}

/** An entry of an index by time. The key is `<time>!<id>`; the value saves reading the document. */
export interface IndexEntry {
  readonly key: string;
  readonly value: string;
}

/** Returns the writes that replace one index entry by another. */
export function moved(index: object, was: string | undefined, is: IndexEntry | undefined): Write[] {
  const writes: unknown[] = [];
  if (was !== undefined && was !== is?.key) writes.push({ type: 'del', sublevel: index, key: was });
  if (is) writes.push({ type: 'put', sublevel: index, ...is });
  return writes as Write[];
}

export function idOfKey(key: string): string {
  return key.slice(key.indexOf('!') + 1);
}

export function timeOfKey(key: string): string {
  return key.slice(0, key.indexOf('!'));
}
