import type { HistoryEntry } from '../history/history.js';
import { type PageRequest, placeAfter } from './paging.js';

/** One recorded change, and where the log has it. */
export interface RecordedChangeDto {
  /**
   * The version that it led to.
   * @isInt
   */
  version: number;
  /** Type of the event. */
  type: string;
  /** Id of the event. */
  eventId: string;
  /**
   * RFC 3339
   * @format date-time
   */
  time: string;
  /** JSON Pointers of what changed. */
  changed: string[];
  /** Who did it: the subject of the caller's token, where there was one. */
  actor?: string;
  /**
   * SHA-256 of the event, hexadecimal. The next event of the aggregate names it, so that the history cannot be altered
   * unnoticed.
   */
  hash?: string;
  /** @isInt */
  partition: number;
  /** @isInt */
  offset: number;
}

/** Recorded changes, oldest first. */
export interface HistoryPageDto {
  items: RecordedChangeDto[];
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}

/**
 * One page of a history, and where the next one begins.
 * @param read answers entries after a version, oldest first
 */
export async function readHistoryPage(
  request: PageRequest,
  read: (after: number, limit: number) => Promise<readonly HistoryEntry[]>,
): Promise<{ items: RecordedChangeDto[]; next?: readonly [version: number] }> {
  const { limit } = request;
  const [after] = placeAfter(request) ?? [0];
  // The one too many says that there is more.
  const entries = await read(Number(after), limit + 1);
  const items = entries.slice(0, limit).map(toRecordedChange);
  const last = items.at(-1);
  return entries.length > limit && last ? { items, next: [last.version] } : { items };
}

/** What a client is told of an entry: everything but the state. */
function toRecordedChange(entry: HistoryEntry): RecordedChangeDto {
  const { version, type, eventId, time, changed, actor, hash, partition, offset } = entry;
  const base = { version, type, eventId, time, changed: [...changed] };
  return {
    ...base,
    ...(actor !== undefined && { actor }),
    ...(hash !== undefined && { hash }),
    partition,
    offset,
  };
}
