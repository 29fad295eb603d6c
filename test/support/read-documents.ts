import { MongoClient } from 'mongodb';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as it is stored
export type StoredDocument = Record<string, any>;

/** The documents with these ids, as they are in MongoDB, by id. */
export async function readDocuments(
  uri: string,
  database: string,
  collection: string,
  ids: Iterable<string>,
): Promise<Map<string, StoredDocument>> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    const documents = await client
      .db(database)
      .collection<{ _id: string }>(collection)
      .find({ _id: { $in: [...ids] } })
      .toArray();
    return new Map(documents.map((document) => [document._id, document]));
  } finally {
    await client.close();
  }
}
