import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { newestOfEach } from '../views/projection.js';
import { BATCH_TIMEOUT_MS, isDuplicateKey, refusal } from './errors.js';
import { read } from './reads.js';
import type { Write } from './writes.js';

interface Entry {
  readonly id: string;
  readonly version: number;
  /** The collection is unlikely to have the document. Default: true for a first version. */
  readonly isNew?: boolean;
}

interface Target<Document extends object> {
  readonly collection: Collection<Document>;
  readonly write: Write<Document>;
}

/**
 * Writes each entry's version and `fieldsOf` it, of which undefined ones are removed, unless the stored version is the same or newer. A new document also
 * gets `onInsert`. Entries may be repeated, and may come in any order.
 */
export async function upsertIfNewer<E extends Entry, Document extends { _id: string; version: number }>(
  { collection, write }: Target<Document>,
  entries: readonly E[],
  fieldsOf: (entry: E) => object,
  onInsert?: (entry: E) => object,
): Promise<void> {
  const newest = newestOfEach(entries);
  const born = new Set(entries.filter(({ version, isNew = version === 1 }) => isNew).map(({ id }) => id));
  const operations = newest.map((entry) => {
    const { id: _id, version } = entry;
    const fields: Record<string, unknown> = { version, ...fieldsOf(entry) };
    // An insert is more than five times as fast as an upsert.
    const initial = { ...onInsert?.(entry) };
    if (born.has(_id)) return { insertOne: { document: { _id, ...initial, ...fields } } };
    const unset = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [[name, '']] : []));
    const update = {
      $set: fields,
      ...(unset.length > 0 && { $unset: Object.fromEntries(unset) as object }),
      ...(onInsert && { $setOnInsert: withoutFields(initial, fields) }),
    };
    return { updateOne: { filter: { _id, version: { $lt: version } }, update, upsert: true } };
  }) as unknown as AnyBulkWriteOperation<Document>[];
  const outcomes = await write(operations);
  const refused = outcomes.filter((outcome) => outcome !== undefined);
  if (!refused.every(isDuplicateKey)) throw refusal(refused);
  // A duplicate key: the stored version may be newer, but also older, if another writer inserted an older one first.
  const met = newest.filter((_, index) => outcomes[index] !== undefined);
  if (met.length === 0) return;
  const older = await behind(collection, met);
  if (older.length > 0)
    await upsertIfNewer(
      { collection, write },
      older.map((entry) => ({ ...entry, isNew: false })),
      fieldsOf,
      onInsert,
    );
}

/** An upsert must not set a field twice. */
function withoutFields(initial: object, fields: object): object {
  return Object.fromEntries(Object.entries(initial).filter(([name]) => !(name in fields)));
}

/** The entries that are newer than the stored documents. */
async function behind<E extends Entry, Document extends { _id: string; version: number }>(
  collection: Collection<Document>,
  entries: readonly E[],
): Promise<readonly E[]> {
  const ids = entries.map(({ id }) => id);
  const options = { projection: { version: 1 }, batchSize: ids.length };
  const documents = await read(
    () => collection.find({ _id: { $in: ids } } as object, options).toArray(),
    BATCH_TIMEOUT_MS,
  );
  const versions = new Map(documents.map(({ _id, version }) => [_id as string, version as number]));
  return entries.filter(({ id, version }) => (versions.get(id) ?? 0) < version);
}
