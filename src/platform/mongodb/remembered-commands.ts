import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { orUnavailable, refusal } from './errors.js';
import { writeWhenUnfenced } from './fence.js';
import { read } from './reads.js';

/** Time of a remembered command. */
const AT = 'commands.at';
/** Stored by earlier versions: a digest of the command's request. */
const FINGERPRINT = 'commands.fingerprint';
const MAX_FORGOTTEN = 1_000;

type Documents = Collection<{ _id: string }>;

/** Creates sparse indexes: they contain only documents with remembered commands. */
export async function indexCommands(collection: Documents): Promise<void> {
  for (const path of [AT, FINGERPRINT]) {
    await orUnavailable(() => collection.createIndex({ [path]: 1 }, { sparse: true }, {}));
  }
}

/**
 * Deletes remembered commands from before a time (RFC 3339), and the request digests that earlier versions stored.
 * Returns the number of aggregates that had any.
 */
export async function forgetCommands(collection: Documents, before: string): Promise<number> {
  const due = { $or: [{ [AT]: { $lt: before } }, { [FINGERPRINT]: { $exists: true } }] } as object;
  for (let forgotten = 0; ;) {
    const options = { projection: { _id: 1 }, limit: MAX_FORGOTTEN, batchSize: MAX_FORGOTTEN };
    const documents = await read(() => collection.find(due, options).toArray());
    if (documents.length > 0) await forgetIn(collection, documents, before);
    forgotten += documents.length;
    if (documents.length < MAX_FORGOTTEN) return forgotten;
  }
}

async function forgetIn(collection: Documents, documents: readonly { _id: string }[], before: string): Promise<void> {
  const filter = { _id: { $in: documents.map(({ _id }) => _id) } };
  const operations = [
    { updateMany: { filter, update: { $pull: { commands: { at: { $lt: before } } } } } },
    { updateMany: { filter, update: { $unset: { 'commands.$[].fingerprint': '' } } } },
  ] as unknown as AnyBulkWriteOperation<{ _id: string }>[];
  const refused = await writeWhenUnfenced(collection, operations);
  if (refused.size > 0) throw refusal(refused.values());
}
