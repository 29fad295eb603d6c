import type { Collection, Document } from 'mongodb';
import pLimit from 'p-limit';
import { type BoundedItems, MAX_PAGE_BYTES } from '../views/listing.js';
import { read } from './reads.js';

/** A page to read from a collection. */
export interface PageQuery {
  readonly filter: object;
  /** Ends with `_id`, so that the order is total. */
  readonly sort: Readonly<Record<string, 1 | -1>>;
  /** Most items in the page. */
  readonly limit: number;
  /** Expression that returns the item of a document. */
  readonly content: object | string;
}

/**
 * Pages that the process reads at once. Memory is the reason: a page of a megabyte takes several times as much as a
 * reply of the server, as objects and as text. More pages at a time would not be faster, as one thread decodes them.
 */
const AT_ONCE = pLimit(8);

/**
 * Reads a page of at most `limit` items and about {@link MAX_PAGE_BYTES}. The server ends it: of later documents it
 * returns no content, only that they exist, so no reply is larger.
 * @throws PlatformError `unavailable` when the server does not answer in time
 */
export async function readPage<Item>(
  collection: Collection<never>,
  { filter, sort, limit, content }: PageQuery,
): Promise<BoundedItems<Item>> {
  const most = limit + 1;
  const stages = [
    { $match: filter },
    { $sort: sort },
    { $limit: most },
    { $setWindowFields: { sortBy: sort, output: { before: { $sum: { $bsonSize: { content } }, window: BEFORE } } } },
    { $project: { _id: 0, item: { $cond: [{ $lt: ['$before', MAX_PAGE_BYTES] }, content, null] } } },
  ];
  const options = { batchSize: most, allowDiskUse: true };
  const documents = await read(() => AT_ONCE(() => collection.aggregate<Document>(stages, options).toArray()));
  const items = documents.slice(0, limit).flatMap(({ item }) => (item === null ? [] : [item as Item]));
  return { items, more: documents.length > items.length };
}

/** The documents before one, without it. Before the first one the sum is 0. */
const BEFORE = { documents: ['unbounded', -1] };
