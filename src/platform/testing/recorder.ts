import type { BusRecord, LoggedRecord, RecordHandler } from '../log/bus.js';
import type { Lease } from '../log/lease.js';

/** Builds a record with text as key and value. */
export function record(key: string, value: string): BusRecord {
  return { key: Buffer.from(key), value: Buffer.from(value), headers: {} };
}

/** Remembers every record that its handler has finished. */
export class Recorder {
  readonly records: LoggedRecord[] = [];

  /** Returns a handler that records after `before`, which may wait or throw. */
  handler(
    before: (records: readonly LoggedRecord[], lease: Lease) => void | Promise<void> = () => undefined,
  ): RecordHandler {
    return async (records, lease) => {
      await before(records, lease);
      this.records.push(...records);
    };
  }

  get values(): string[] {
    return this.records.map(({ value }) => String(value));
  }

  /** Distinct values by key, in order of first appearance. */
  valuesByKey(): Record<string, string[]> {
    const byKey: Record<string, string[]> = {};
    for (const { key, value } of this.records) {
      const values = (byKey[String(key)] ??= []);
      if (!values.includes(String(value))) values.push(String(value));
    }
    return byKey;
  }

  partitions(): Set<number> {
    return new Set(this.records.map(({ partition }) => partition));
  }
}
