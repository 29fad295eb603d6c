import { Semaphore } from 'async-mutex';
import type { Collection, Document, Filter } from 'mongodb';
import { type BoundedItems, MAX_PAGE_BYTES } from '../views/listing.js';
import { read } from './reads.js';

/** A page to read from a collection. */
export interface PageQuery<Stored extends Document> {
  readonly filter: Filter<Stored>;
  /** Ends with `_id`, so that the order is total. */
  readonly sort: Readonly<Record<string, 1 | -1>>;
  /** Most items in the page. */
  readonly limit: number;
  /** The fields of the items. */
  readonly fields: readonly string[];
}

/** The server's own limit of a reply, and about the largest document (HTTP_BODY_LIMIT). */
const [MAX_REPLY_BYTES, MAX_DOCUMENT_BYTES] = [16_000_000, 256 * 1024];
/** A page takes several times its bytes while it is objects and text. */
const PAGE_UNITS = 16;
/**
 * Memory for the pages that the process reads at the same time, in documents of the largest size: 32 MB. More pages at
 * a time would not be faster, as one thread decodes them.
 */
const MEMORY = new Semaphore(128);
/** The size of a document of which nothing is known yet. */
const ASSUMED_BYTES = 64 * 1024;
/** How much of the size of a large document is expected of the next page. */
const REMEMBERED = 0.9;

/** Reads the pages of one collection. */
export class Pages<Stored extends Document> {
  /** The size of a large document of the last pages. */
  private large = ASSUMED_BYTES;

  constructor(private readonly collection: Collection<Stored>) {}

  /**
   * Returns a page of at most `limit` items and about {@link MAX_PAGE_BYTES}. If the documents of the last pages were
   * small, it asks for `limit` of them, which is fast, and reserves memory in case they are all large now. Otherwise
   * the server adds up their sizes and leaves out the content of those that are too many.
   * @throws PlatformError `unavailable` when the server does not answer in time
   */
  page(query: PageQuery<Stored>): Promise<BoundedItems<Stored>> {
    // One more than the page has: its presence means that there is a next page.
    const most = query.limit + 1;
    const areSmall = most * this.large < MAX_PAGE_BYTES / 2;
    const reply = Math.ceil(Math.min(MAX_REPLY_BYTES, most * MAX_DOCUMENT_BYTES) / MAX_DOCUMENT_BYTES);
    const [documents, memory] = areSmall
      ? [() => this.find(query, most), reply]
      : [() => this.findWithin(query, most), PAGE_UNITS];
    return read(() => MEMORY.runExclusive(() => this.read(documents(), query.limit), memory));
  }

  private async read(documents: AsyncIterable<Uint8Array>, limit: number): Promise<BoundedItems<Stored>> {
    const { BSON } = await import('mongodb');
    const items: Stored[] = [];
    let [bytes, largest] = [0, 0];
    try {
      for await (const document of documents) {
        if (items.length === limit || bytes >= MAX_PAGE_BYTES || document.length <= EMPTY_BYTES) {
          return { items, more: true };
        }
        items.push(BSON.deserialize(document) as Stored);
        bytes += document.length;
        largest = Math.max(largest, document.length);
      }
      return { items, more: false };
    } finally {
      if (largest > 0) this.large = Math.max(largest, this.large * REMEMBERED);
    }
  }

  private find({ filter, sort, fields }: PageQuery<Stored>, most: number): AsyncIterable<Uint8Array> {
    const options = { projection: { _id: 0, ...included(fields) }, limit: most, batchSize: most, raw: true };
    return this.collection.find(filter, options).sort(sort) as unknown as AsyncIterable<Uint8Array>;
  }

  private findWithin({ filter, sort, fields }: PageQuery<Stored>, most: number): AsyncIterable<Uint8Array> {
    const before = { $sum: { $bsonSize: '$$ROOT' }, window: { documents: ['unbounded', -1] } };
    const fits = { $lt: ['$before', MAX_PAGE_BYTES] };
    const kept = Object.fromEntries(fields.map((field) => [field, { $cond: [fits, `$${field}`, '$$REMOVE'] }]));
    const stages = [
      { $match: filter },
      { $sort: sort },
      { $limit: most },
      { $project: included(fields) },
      { $setWindowFields: { sortBy: sort, output: { before } } },
      { $project: { _id: 0, ...kept } },
    ];
    const options = { batchSize: most, raw: true, allowDiskUse: true };
    return this.collection.aggregate(stages, options) as unknown as AsyncIterable<Uint8Array>;
  }
}

/** A document without a field. */
const EMPTY_BYTES = 5;

function included(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map((field) => [field, 1]));
}
