import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { newestOfEach } from '../views/projection.js';
import { BATCH_TIMEOUT_MS, isDuplicateKey, refusal } from './errors.js';
import { read } from './read.js';
import type { Write } from './writes.js';

interface Entry {
  readonly id: string;
  readonly version: number;
}

interface Target<Document extends object> {
  readonly collection: Collection<Document>;
  readonly write: Write<Document>;
}

/**
 * Sets `fieldsOf` an entry, and its version, where that is newer than what is there; or else leaves what is there. A
 * document that is new gets `onInsert` besides. Entries may come again, and in any order.
 */
export async function upsertIfNewer<E extends Entry, Document extends { _id: string; version: number }>(
  { collection, write }: Target<Document>,
  entries: readonly E[],
  fieldsOf: (entry: E) => object,
  onInsert?: object,
): Promise<void> {
  const newest = newestOfEach(entries);
  const born = new Set(entries.filter(({ version }) => version === 1).map(({ id }) => id));
  const operations = newest.map((entry) => {
    const { id: _id, version } = entry;
    const fields = { version, ...fieldsOf(entry) };
    // More than five times as fast as an upsert, and what is only now at its first version is rarely there.
    if (born.has(_id)) return { insertOne: { document: { _id, ...fields, ...onInsert } } };
    const update = { $set: fields, ...(onInsert && { $setOnInsert: onInsert }) };
    return { updateOne: { filter: { _id, version: { $lt: version } }, update, upsert: true } };
  }) as unknown as AnyBulkWriteOperation<Document>[];
  const outcomes = await write(operations);
  const refused = outcomes.filter((outcome) => outcome !== undefined);
  if (!refused.every(isDuplicateKey)) throw refusal(refused);
  // What is there is not older; or it is an older version of an id that is not new, or of a writer that was first.
  const met = newest.filter((_, index) => outcomes[index] !== undefined);
  if (met.length === 0) return;
  const older = await behind(collection, met);
  if (older.length > 0) await upsertIfNewer({ collection, write }, older, fieldsOf, onInsert);
}

/** Those of the entries that are newer than what is there. */
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
