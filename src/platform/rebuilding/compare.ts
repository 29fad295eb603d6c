import { changedPointers } from '../event/changed-pointers.js';
import { paired } from '../tools/iterate.js';
import type { Auditable, AuditedDocument } from './auditable.js';

/** A document that differs from its expected content. */
export interface Difference {
  readonly collection: string;
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'different';
  /** JSON Pointers of the fields that differ. */
  readonly fields: readonly string[];
  readonly expected: AuditedDocument | undefined;
  readonly found: AuditedDocument | undefined;
}

/**
 * True when repairing the document would delete data that the log lacks: a newer version, or the state of another event
 * with the same version.
 */
export function wouldLose({ expected, found }: Difference): boolean {
  if (!found || !expected) return found !== undefined;
  const [is, should] = [found.content, expected.content];
  if (is.version !== should.version) return Number(is.version) > Number(should.version);
  // In a history entry, an equal event id means that only the hash was altered.
  return is.hash !== should.hash && (is.eventId === undefined || is.eventId !== should.eventId);
}

/** Compares two collections. Yields the documents that differ, in key order. @throws the signal's reason */
export async function* differences(
  expected: Auditable,
  found: Auditable,
  signal?: AbortSignal,
): AsyncGenerator<Difference> {
  const byKeys = (a: AuditedDocument, b: AuditedDocument) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  for await (const [should, is] of paired(expected.documents(), found.documents(), byKeys)) {
    signal?.throwIfAborted();
    const difference = toDifference(found.collection, should, is);
    if (difference) yield difference;
  }
}

/** Yields the expected documents that are missing or different in a collection, in key order. @throws the signal's reason */
export async function* differencesOfExpected(
  expected: Auditable,
  found: Auditable,
  signal?: AbortSignal,
): AsyncGenerator<Difference> {
  let keys: string[] = [];
  for await (const { key } of expected.documents()) {
    keys.push(key);
    if (keys.length < BATCH_SIZE) continue;
    signal?.throwIfAborted();
    yield* await differencesAt(keys, expected, found);
    keys = [];
  }
  yield* await differencesAt(keys, expected, found);
}

const BATCH_SIZE = 500;

/** Compares only the documents with these keys. */
export async function differencesAt(
  keys: readonly string[],
  expected: Auditable,
  found: Auditable,
): Promise<Difference[]> {
  // Read the live collection first: the expected one can then only be newer.
  const there = byKey(await found.pick(keys));
  const should = byKey(await expected.pick(keys));
  return keys.flatMap((key) => toDifference(found.collection, should.get(key), there.get(key)) ?? []);
}

function toDifference(
  collection: string,
  expected: AuditedDocument | undefined,
  found: AuditedDocument | undefined,
): Difference | undefined {
  if (!expected && !found) return undefined;
  const key = ((expected ?? found) as AuditedDocument).key;
  if (!expected) return { collection, key, kind: 'extra', fields: [], expected, found };
  if (!found) return { collection, key, kind: 'missing', fields: [], expected, found };
  const fields = changedPointers(expected.content, found.content);
  return fields.length > 0 ? { collection, key, kind: 'different', fields, expected, found } : undefined;
}

function byKey(documents: readonly AuditedDocument[]): Map<string, AuditedDocument> {
  return new Map(documents.map((document) => [document.key, document]));
}
