import type { CloudEvent } from '../event/cloud-event.js';
import { tryParse } from '../event/parse-cloud-event.js';
import type { Bus, LoggedRecord } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import { erasureIn } from './erasures.js';
import { changesTopicOf } from './topics.js';

/** An event that states an erasure, with its record. */
export interface LedgerEntry {
  readonly event: CloudEvent;
  readonly record: LoggedRecord;
}

export interface ErasureLedgerOptions {
  readonly bus: Pick<Bus, 'extents' | 'read'>;
  readonly keysTopic: string;
  /** Returns the offsets, by partition, up to which the database has applied the events. */
  readonly applied: (topic: string) => Promise<ReadonlyMap<number, number>>;
  /** Applies erasures to the database. May be called again with the same ones. */
  readonly apply: (entries: readonly LedgerEntry[]) => Promise<void>;
}

/**
 * The erasures in the log, which are the truth about who is erased: a database or a topic of keys that was restored from
 * a backup does not know those since.
 */
export class ErasureLedger {
  /** By partition: the offset after the last record that was searched. */
  private readonly searched = new Map<number, number>();
  /** What the database had applied when it was last asked. */
  private known: ReadonlyMap<number, number> = new Map();
  private searching: Promise<void> = Promise.resolve();

  constructor(private readonly options: ErasureLedgerOptions) {}

  /**
   * Applies the erasures that the database may not know, up to the end of the log as of now.
   * @throws PlatformError `unavailable` when log or database do not answer
   */
  catchUp(): Promise<void> {
    this.searching = this.searching.catch(() => undefined).then(() => this.search());
    return this.searching;
  }

  private async search(): Promise<void> {
    const { bus, keysTopic, applied, apply } = this.options;
    const topic = changesTopicOf(keysTopic);
    const { searched, known } = this;
    const extents = await bus.extents(topic);
    const positions = await applied(topic);
    // Only a restore of the database moves a position back.
    if ([...known].some(([partition, before]) => (positions.get(partition) ?? 0) < before)) searched.clear();
    this.known = positions;
    for (const [partition, next] of positions) if (!searched.has(partition)) searched.set(partition, next);
    // A log that was restored may end before: its records are others, and are searched again.
    for (const { partition, end } of extents) if ((searched.get(partition) ?? 0) > end) searched.set(partition, 0);
    const startOf = (partition: number) => searched.get(partition) ?? 0;
    if (extents.every(({ partition, first, end }) => Math.max(first, startOf(partition)) >= end)) return;
    const take = async (records: readonly LoggedRecord[]) => {
      const entries = records.flatMap((record) => entryOf(record, keysTopic) ?? []);
      if (entries.length > 0) await apply(entries);
      const { partition, offset } = records.at(-1) as LoggedRecord;
      searched.set(partition, offset + 1);
    };
    await readToEnd(bus, [topic], take, { startAt: (_topic, partition) => startOf(partition) });
  }
}

function entryOf(record: LoggedRecord, keysTopic: string): LedgerEntry | undefined {
  const event = tryParse(record);
  return event && erasureIn(event, keysTopic) && { event, record };
}
