import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import { asNotStorable, isDuplicateKey, orUnavailable } from './mongo-errors.js';

interface VersionedDocument {
  readonly _id: string;
  readonly version: number;
}

/**
 * Puts documents in where they are newer than what is there, as one bulk write, durably.
 * @param onInsert what a document that was not there gets besides
 */
export async function putWhereNewer(
  collection: Collection<never>,
  documents: readonly VersionedDocument[],
  onInsert?: object,
): Promise<void> {
  const operations = documents.map(({ _id, ...content }) => ({
    updateOne: {
      filter: { _id, version: { $lt: content.version } },
      update: { $set: content, ...(onInsert && { $setOnInsert: onInsert }) },
      upsert: true,
    },
  })) as unknown as AnyBulkWriteOperation<never>[];
  if (operations.length === 0) return;
  try {
    await orUnavailable(() => collection.bulkWrite(operations, { ordered: false }));
  } catch (error) {
    // The upsert met a document that is not older: already applied.
    const failures = (error as Partial<MongoBulkWriteError>).writeErrors;
    if (failures === undefined || ![failures].flat().every(isDuplicateKey)) throw asNotStorable(error);
    const behind = await behindOf(collection, documents);
    if (behind.length > 0) await putWhereNewer(collection, behind, onInsert);
  }
}

/**
 * Two writers that both insert a new id meet in the same error, and the loser may have carried the newer version; so
 * what is still behind is written again.
 */
async function behindOf<Document extends VersionedDocument>(
  collection: Collection<never>,
  documents: readonly Document[],
): Promise<Document[]> {
  const ids = documents.map(({ _id }) => _id);
  const stored = (await orUnavailable(() =>
    collection.find({ _id: { $in: ids } } as object, { projection: { version: 1 } }).toArray(),
  )) as unknown as VersionedDocument[];
  const versions = new Map(stored.map(({ _id, version }) => [_id, version]));
  return documents.filter(({ _id, version }) => (versions.get(_id) ?? 0) < version);
}
