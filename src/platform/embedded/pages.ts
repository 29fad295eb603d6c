import { type BoundedItems, MAX_PAGE_BYTES } from '../views/listing.js';

/** Returns the items of a page of at most `limit` items and about {@link MAX_PAGE_BYTES}, counted as JSON. */
export function boundedItems<Item>(items: readonly Item[], limit: number): BoundedItems<Item> {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    if (index === limit || bytes >= MAX_PAGE_BYTES) return true;
    bytes += Buffer.byteLength(JSON.stringify(item));
    return false;
  });
  return end === -1 ? { items, more: false } : { items: items.slice(0, end), more: true };
}
