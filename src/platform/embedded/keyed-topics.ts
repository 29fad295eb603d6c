import type { AbstractSublevel } from 'abstract-level';
import type { BusRecord } from '../log/bus.js';
import { keepsOnlyNewest } from '../log/topics.js';
import type { Level } from './level.js';
import type { StoredRecord } from './record.js';
import { compactPrefix, type Write } from './writes.js';

type Sublevel<Value> = AbstractSublevel<Level, string | Buffer | Uint8Array, string, Value>;

/** Topics that keep only the newest record of each key, as Kafka's compaction does later. */
export class KeyedTopics {
  /** Where the newest record of each key is in the log: `<topic>!<key>` to its key there. */
  private readonly places: Sublevel<string>;
  /** Places of records that are being written. */
  private readonly written = new Map<string, string>();

  constructor(
    level: Level,
    private readonly log: Sublevel<StoredRecord>,
  ) {
    this.places = level.sublevel<string, string>('keyed', {});
  }

  /** Returns the writes that make a record the only one of its key. @param place its key in the log */
  async replace(topic: string, record: BusRecord, place: string): Promise<Write[]> {
    const key = `${topic}!${String(record.key)}`;
    const before = this.written.get(key) ?? (await this.places.get(key));
    this.written.set(key, place);
    const removed = before === undefined ? [] : [{ type: 'del', sublevel: this.log, key: before }];
    return [...removed, { type: 'put', sublevel: this.places, key, value: place }] as unknown as Write[];
  }

  /** Call it when the writes have failed, or could not be prepared. */
  forget(): void {
    this.written.clear();
  }

  /** Call it after the writes: destroyed keys leave the disk. */
  async compactDeleted(requests: readonly { topic: string; records: readonly BusRecord[] }[]): Promise<void> {
    this.written.clear();
    const topics = new Set(
      requests.flatMap(({ topic, records }) =>
        keepsOnlyNewest(topic) && records.some(({ value }) => value === null) ? [topic] : [],
      ),
    );
    for (const topic of topics) await compactPrefix(this.log, `${topic}!`);
  }
}
