import type { HistoryEntry } from '../history/history.js';

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

/** What a client is told of an entry: everything but the state. */
export function toRecordedChange(entry: HistoryEntry): RecordedChangeDto {
  const { version, type, eventId, time, changed, actor, partition, offset } = entry;
  const base = { version, type, eventId, time, changed: [...changed] };
  return { ...base, ...(actor !== undefined && { actor }), partition, offset };
}
