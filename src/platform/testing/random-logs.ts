import fc from 'fast-check';
import { composeEvent } from '../event/compose-event.js';
import { toEventRecord } from '../event/event-record.js';
import type { EventStream } from '../event/event-stream.js';
import { hashOf } from '../event/hash-chain.js';
import type { BusRecord } from '../log/bus.js';
import { changed, created, eventOf as eventOfItem } from './items.js';

/** A record of a log of items, or several. */
export interface Logged {
  readonly id: string;
  readonly version: number;
  /** Two names for one version are a fork; if there are no hashes, nobody can tell. */
  readonly name: 'one' | 'two' | 'three';
  readonly isHashed: boolean;
  /** A repeated record is one that was published again. */
  readonly kind: 'event' | 'repeated' | 'of an unknown version' | 'of another place' | 'no event';
}

/** Events of a few aggregates in any order, with some of everything that a log should not have. */
export const logs = fc.array(
  fc.record<Logged>({
    id: fc.constantFrom('a', 'b', '0b6ef9c0-0000-4000-8000-00000000000c'),
    version: fc.integer({ min: 1, max: 4 }),
    name: fc.constantFrom('one', 'two', 'three'),
    isHashed: fc.boolean(),
    kind: fc.oneof(
      { weight: 5, arbitrary: fc.constant('event') },
      { weight: 1, arbitrary: fc.constantFrom('repeated', 'of an unknown version', 'of another place', 'no event') },
    ) as fc.Arbitrary<Logged['kind']>,
  }),
  { minLength: 8, maxLength: 40 },
);

/** Returns the records as they are published. */
export function recordsOf(stream: EventStream, { id, version, name, isHashed, kind }: Logged): readonly BusRecord[] {
  const time = '2026-01-01T00:00:00.000Z';
  const before = { ...created(id, time).state, version: version - 1 };
  const change =
    version === 1 ? { ...created(id, time), state: { ...before, version, name } } : changed(before, name, time);
  const { json } = composeEvent(stream, eventOfItem(change), { id, version, time });
  const { hash: _, ...content } = { ...(JSON.parse(json) as { hash?: string }), id: name };
  // The same name is the same event, wherever it is in the log.
  const text = JSON.stringify(isHashed ? { ...content, hash: hashOf(content) } : content);
  const record = toEventRecord(id, text);
  if (kind === 'repeated') return [record, record];
  if (kind === 'of an unknown version') return [toEventRecord(id, text.replace(/:v\d"/, ':v9"'))];
  if (kind === 'of another place')
    return [toEventRecord(id, text.replace(`"sequence":"${version}"`, '"sequence":"7"'))];
  return kind === 'no event' ? [{ ...record, value: Buffer.from('no event') }] : [record];
}
