import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { fingerprintOf, type Position } from '../log/position.js';
import type { Bus, LoggedRecord } from '../log/bus.js';
import { silentLogger } from '../testing/silent-logger.js';
import { isShredded, type StoredKey } from './data-key.js';
import { parseKeyRecord, toKeyRecord } from './key-records.js';
import { withdrawDestroyed } from './key-watch.js';

const TOPIC = 'test.person.keys';
const ERASED: StoredKey = { shreddedAt: '2026-11-24T08:00:00.000Z' };

function keyOf(person: string): StoredKey {
  return { kid: person, wrapped: `wrapped key of ${person}`, master: 'm' };
}

describe('the watch over a topic of keys', () => {
  let bus: Bus;
  let documents: Map<string, StoredKey>;
  let searched: Map<number, Position>;
  let replaced: number;

  beforeEach(async () => {
    bus = await newBus();
    documents = new Map();
    searched = new Map();
    replaced = 0;
  });
  afterEach(() => bus.close());

  async function newBus(): Promise<Bus> {
    return new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
  }

  const publish = (...persons: readonly (readonly [person: string, key: StoredKey])[]) =>
    bus.publish(
      TOPIC,
      persons.map(([person, key]) => toKeyRecord(person, key)),
    );

  function search(): Promise<void> {
    return withdrawDestroyed({
      ...{ topic: TOPIC, bus },
      documents: {
        findShredded: (persons) =>
          Promise.resolve(
            new Map(
              [...documents].flatMap(([id, key]) => (persons.includes(id) && isShredded(key) ? [[id, key]] : [])),
            ),
          ),
      },
      searched: () => Promise.resolve([...searched.values()]),
      onSearched: (last) => {
        const { topic, partition, offset } = last;
        searched.set(partition, { topic, partition, next: offset + 1, last: fingerprintOf(last) });
        return Promise.resolve();
      },
      onReplaced: () => (replaced += 1),
      onFailure: (error) => {
        throw error;
      },
    });
  }

  /** Whether the newest record of a person has a key. */
  async function hasKey(person: string): Promise<boolean> {
    const records: LoggedRecord[] = [];
    const reader = await bus.read([TOPIC], (some) => Promise.resolve(void records.push(...some)));
    await reader.caughtUp().finally(() => reader.stop());
    const newest = records.map(parseKeyRecord).findLast((each) => each?.person === person);
    return newest?.key !== undefined && !isShredded(newest.key);
  }

  it('takes back a key that was published after its end, and no other', async () => {
    documents.set('ada', ERASED).set('bob', keyOf('bob'));
    await publish(['ada', keyOf('ada')], ['bob', keyOf('bob')], ['ada', ERASED]);
    await search();
    await publish(['ada', keyOf('ada')], ['bob', keyOf('bob')]);
    expect(await hasKey('ada')).toBe(true);

    await search();

    expect([await hasKey('ada'), await hasKey('bob')]).toEqual([false, true]);
  });

  it('takes back the keys that a restored topic brings back, and says that it lacks records', async () => {
    documents.set('ada', ERASED).set('bob', keyOf('bob'));
    await publish(['ada', keyOf('ada')], ['bob', keyOf('bob')], ['ada', ERASED], ['bob', keyOf('bob')]);
    await search();
    expect(replaced).toBe(0);
    await bus.close();
    bus = await newBus();
    await publish(['ada', keyOf('ada')], ['bob', keyOf('bob')]);

    await search();

    expect([await hasKey('ada'), await hasKey('bob')]).toEqual([false, true]);
    expect(replaced).toBe(1);
  });

  it('notices a restored topic also when that is as long again, or longer', async () => {
    documents.set('ada', ERASED);
    await publish(['ada', keyOf('ada')], ['ada', ERASED]);
    await search();
    await bus.close();
    bus = await newBus();
    await publish(['ada', keyOf('ada')]);
    // Enough of them to come after the key in its partition, too.
    for (let count = 0; count < 40; count += 1) await publish([`other ${count}`, keyOf('other')]);

    await search();

    expect([await hasKey('ada'), await hasKey('other 7')]).toEqual([false, true]);
    expect(replaced).toBe(1);
    const before = await bus.countRecords([TOPIC]);
    await search();
    expect(await bus.countRecords([TOPIC])).toEqual(before);
  });

  it('leaves the key of somebody whom the database does not have yet', async () => {
    await publish(['eve', keyOf('eve')]);
    await search();
    expect(await hasKey('eve')).toBe(true);
  });

  it('searches nothing twice', async () => {
    documents.set('ada', ERASED);
    await publish(['ada', keyOf('ada')]);
    await search();
    const before = await bus.countRecords([TOPIC]);
    await search();
    await search();
    expect(await bus.countRecords([TOPIC])).toEqual(before);
  });
});
