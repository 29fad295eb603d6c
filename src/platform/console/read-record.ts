import type { Bus, LoggedRecord } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';

/** The place of a record in the log. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Returns the record at a place; undefined if there is none. @throws the errors of the bus */
export async function readRecord(bus: Bus, place: Place): Promise<LoggedRecord | undefined> {
  let found: LoggedRecord | undefined;
  const startAt = (_topic: string, partition: number) => (partition === place.partition ? place.offset : Infinity);
  const done = new Error('found');
  try {
    await readToEnd(
      bus,
      [place.topic],
      (records) => {
        found = records.find(({ partition, offset }) => partition === place.partition && offset === place.offset);
        // Nothing after it is wanted.
        return Promise.reject(done);
      },
      { startAt },
    );
  } catch (error) {
    if (error !== done) throw error;
  }
  return found;
}
