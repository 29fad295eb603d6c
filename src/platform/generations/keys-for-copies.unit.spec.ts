import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import type { StoredKey } from '../privacy/data-key.js';
import { toKeyRecord } from '../privacy/key-records.js';
import { KeyRing } from '../privacy/key-ring.js';
import { copyKeys } from '../privacy/keys-of-log.js';
import { MasterKeys } from '../privacy/master-keys.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import { changesTopicOf } from '../privacy/topics.js';
import { record } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { KeysForCopies } from './keys-for-copies.js';

const TOPIC = 'school.pupil.keys';

describe('the keys for copies', () => {
  const ring = new KeyRing(new MasterKeys([{ id: 'of tests', bytes: randomBytes(32) }]));
  let bus: EmbeddedBus;
  let scratch: EmbeddedDatabase;
  let stored: Map<string, StoredKey>;
  let keys: KeysForCopies;

  beforeEach(async () => {
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    scratch = await openEmbeddedDatabase('memory');
    stored = new Map();
    keys = open();
  });

  afterEach(async () => {
    await keys.close();
    await bus.close();
    await scratch.close();
  });

  /** The documents of persons who are all there, and not erased. */
  const holder: KeyStore = {
    findShredded: () => Promise.resolve(new Map()),
    allKeys: () => {
      throw new Error('not read');
    },
    find: (persons) =>
      Promise.resolve(
        new Map(
          persons.flatMap((person) => {
            const key = stored.get(person);
            return key ? [[person, key]] : [];
          }),
        ),
      ),
    setKeys: (changes) => {
      const set = changes.filter(({ id, from }) => stored.get(id) === from);
      for (const { id, to } of set) stored.set(id, to);
      return Promise.resolve(set.map(({ id }) => id));
    },
  };

  function open(more: { readonly holder?: KeyStore } = {}): KeysForCopies {
    return new KeysForCopies({
      topic: TOPIC,
      bus,
      ring,
      own: holder,
      scratch: scratch.stores.keyCopies(TOPIC),
      ...more,
    });
  }

  async function published(person: string): Promise<StoredKey | undefined> {
    const copies = scratch.stores.keyCopies('published');
    const reader = await bus.read([TOPIC], (records) => copyKeys(copies, records));
    await reader.caughtUp().finally(() => reader.stop());
    return (await copies.find([person])).get(person);
  }

  async function erase(person: string): Promise<void> {
    const event = {
      ...{ specversion: '1.0', id: 'e', source: '/school', type: 'school.pupil.expelled', subject: person },
      ...{ time: '2026-11-27T10:00:00Z', dataschema: 'urn:schema:school.pupil.expelled:v1', sequence: '2' },
      data: { pupil: { id: person, erased: true } },
    };
    await bus.publish(changesTopicOf(TOPIC), [record(person, JSON.stringify(event))]);
  }

  it('are those in the database, else those on the topic', async () => {
    const [one, other] = [ring.make('one').wrapped, ring.make('other').wrapped];
    stored.set('one', one);
    await bus.publish(TOPIC, [toKeyRecord('other', other)]);

    const found = await keys.keysOf(['one', 'other']);

    expect([...found].map(([person, key]) => [person, key?.kid])).toEqual([
      ['one', one.kid],
      ['other', other.kid],
    ]);
  });

  it('are none for those whose key was destroyed, or who are erased as the log says', async () => {
    stored.set('one', { shreddedAt: '2026-11-27T10:00:00Z' });
    await erase('other');
    await keys.close();
    keys = open({ holder });

    expect(await keys.keysOf(['one', 'other'])).toEqual(
      new Map([
        ['one', undefined],
        ['other', undefined],
      ]),
    );
    expect(stored.has('other')).toBe(false);
  });

  it('are made for persons of the context, stored and published', async () => {
    await keys.close();
    keys = open({ holder });

    const kid = (await keys.keysOf(['one'])).get('one')?.kid;

    expect(kid).toEqual(expect.any(String));
    expect(stored.get('one')).toMatchObject({ kid });
    expect(await published('one')).toEqual(stored.get('one'));
    expect((await keys.keysOf(['one'])).get('one')?.kid).toBe(kid);
  });

  it('are missed where nobody is known to be erased: a random key could not be undone', async () => {
    await expect(keys.keysOf(['one'])).rejects.toMatchObject({
      code: 'no-key',
      message: expect.stringContaining('one'),
    });
  });
});
