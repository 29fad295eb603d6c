import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Aggregates } from '../aggregate/aggregates.js';
import { aggregate } from '../context/declaration.js';
import { defineContext } from '../context/define-context.js';
import { token } from '../context/token.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { BusRecord } from '../log/bus.js';
import { KeyRing } from '../privacy/key-ring.js';
import { MasterKeys, newMasterKey } from '../privacy/master-keys.js';
import { created, type Item, type ItemChange, personEvents } from '../testing/items.js';
import { silentLogger } from '../testing/silent-logger.js';
import { republish, type Republished } from './republish.js';

const PERSONS = token<Aggregates<Item, ItemChange>>('persons');

const context = defineContext({
  name: 'test',
  purpose: 'the system of record for persons',
  aggregates: [aggregate({ port: PERSONS, collection: 'persons', events: personEvents })],
});

/** Remembers what is published, and to which topic. */
class RecordedBus extends EmbeddedBus {
  readonly published: { readonly topic: string; readonly records: readonly BusRecord[] }[] = [];

  override publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    this.published.push({ topic, records });
    return super.publish(topic, records);
  }
}

describe('republishing the events of persons', () => {
  const privacy = { ring: new KeyRing(new MasterKeys([newMasterKey()])), seals: true };
  let database: EmbeddedDatabase;
  let bus: RecordedBus;

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    bus = new RecordedBus(await openEmbeddedDatabase('memory'), silentLogger);
  });

  afterEach(async () => {
    await bus.close();
    await database.close();
  });

  async function republishAll(): Promise<Republished> {
    const scratch = await openEmbeddedDatabase('memory');
    try {
      return await republish({
        ...{ bus, live: context.open(database, { privacy }).replayable, links: new EmbeddedLinks(scratch.level) },
        ...{ signal: new AbortController().signal, isRehearsal: false, onFork: () => undefined },
        read: (projector) => projector.caughtUp(),
      });
    } finally {
      await scratch.close();
    }
  }

  it('publishes the key that is made for a stand-in event, before that event', async () => {
    const [store] = context.open(database).stores;
    const { state, ...change } = created('ada');
    await store!.save(undefined, { ...change, state: { ...state, owner: 'ada', note: 'about ada' } as Item });
    await store!.trim(new Map([['ada', 1]]));

    expect(await republishAll()).toMatchObject({ standIns: 1, lost: 1 });

    const key = (await store!.keys.find(['ada'])).get('ada');
    expect(key).toMatchObject({ wrapped: expect.any(String) });
    const published = bus.published.filter(({ records }) => records.length > 0);
    expect(published.map(({ topic }) => topic)).toEqual([personEvents.keys, personEvents.topic]);
    expect(published.map(({ records }) => JSON.parse(String(records[0]?.value)) as unknown)).toMatchObject([
      key,
      { sequence: '2', data: { sealed: { kid: (key as { kid: string }).kid } } },
    ]);
  });
});
