import type { Document } from 'mongodb';

/** The field that decides on which shard a document is, by `<database>.<collection>`. */
export type ShardKeys = ReadonlyMap<string, string>;

/** An operation that MongoDB profiled. */
export type Profiled = Document;

/**
 * Describes the operations on sharded collections that a router would send to every shard, each kind once: those whose
 * condition does not name the shard key. The key is hashed, so a range of it does not count.
 */
export function broadcasts(operations: readonly Profiled[], keys: ShardKeys): string[] {
  const found = operations.flatMap((operation) => {
    const key = keys.get(String(operation.ns));
    if (key === undefined) return [];
    return conditionsOf(operation)
      .filter((condition) => !names(condition, key))
      .map((condition) => {
        const what = isWrite(operation) ? 'write' : 'read';
        return `${operation.ns}: ${what} by ${fieldsOf(condition).join(', ') || 'nothing'}`;
      });
  });
  return [...new Set(found)].sort();
}

const isWrite = ({ op }: Profiled): boolean => op === 'update' || op === 'remove';

/** Which documents it is about. An insert has the key in its document, and what follows a query goes where that went. */
function conditionsOf({ op, command }: Profiled): Document[] {
  const { filter, query, q, pipeline, createIndexes } = command as Document;
  if (op === 'insert' || op === 'getmore' || createIndexes !== undefined) return [];
  return [(filter ?? query ?? q ?? (pipeline as Document[] | undefined)?.[0]?.$match ?? {}) as Document];
}

/** Whether a condition has one or several values of a field. */
function names(condition: Document, field: string): boolean {
  const wanted: unknown = condition[field];
  const all = (condition.$and ?? []) as Document[];
  return isValue(wanted) || all.some((each) => names(each, field));
}

function isValue(wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return false;
  if (typeof wanted !== 'object') return true;
  return Object.keys(wanted).every((operator) => operator === '$in' || operator === '$eq');
}

/** The fields of a condition, with `=` after those of which it has values and not a range. */
function fieldsOf(condition: Document): string[] {
  const nested = ['$and', '$or'].flatMap((operator) => (condition[operator] ?? []) as Document[]);
  const own = Object.entries(condition)
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, wanted]) => (isValue(wanted) ? `${name}=` : name));
  return [...new Set([...own, ...nested.flatMap(fieldsOf)])].sort();
}
