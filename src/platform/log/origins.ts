import type { BusRecord, LoggedRecord } from './bus.js';
import type { Generations } from './generations.js';

/** Record header of a copy: generation, partition and offset of the record that it copies, of older copies first. */
const ORIGINS = 'copied-from';
const MAX_DIGITS = 15;

/** Where a record was copied from. Partitions and offsets are the generation's own. */
export interface Origin {
  readonly generation: number;
  readonly partition: number;
  readonly offset: number;
}

/** Returns where a record was before it was copied, oldest first; nothing for a record that was published. */
export function originsOf({ headers }: Pick<BusRecord, 'headers'>): readonly Origin[] {
  return String(headers[ORIGINS] ?? '')
    .split(' ')
    .flatMap((text) => {
      const numbers = text.split('/');
      const isOrigin = numbers.length === 3 && numbers.every((each) => /^\d+$/.test(each) && each.length <= MAX_DIGITS);
      const [generation, partition, offset] = numbers.map(Number) as [number, number, number];
      return isOrigin ? [{ generation, partition, offset }] : [];
    });
}

/** Returns where a record was copied from; undefined for a record that was published. */
export function originOf(record: Pick<BusRecord, 'headers'>): Origin | undefined {
  return originsOf(record).at(-1);
}

/** Returns the headers of a copy of a record. */
export function withOrigin(headers: BusRecord['headers'], origin: Origin): BusRecord['headers'] {
  const all = [...originsOf({ headers }), origin];
  return {
    ...headers,
    [ORIGINS]: all.map(({ generation, partition, offset }) => `${generation}/${partition}/${offset}`).join(' '),
  };
}

/** Returns all places that a record has or had in the log: its own, and those in former generations of its topic. */
export function placesOf(
  record: LoggedRecord,
  stated: Generations | undefined,
): readonly Pick<LoggedRecord, 'topic' | 'partition' | 'offset'>[] {
  const { topic } = record;
  const former = originsOf(record).flatMap(({ generation, partition, offset }) => {
    const found = stated?.generations.find((each) => each.generation === generation);
    return found ? [{ topic, partition: found.firstPartition + partition, offset }] : [];
  });
  return [record, ...former];
}
