import { beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import type { Stores } from '../context/database.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { newDataKey, type StoredKey } from '../privacy/data-key.js';
import { KeyRing } from '../privacy/key-ring.js';
import { MasterKeys, newMasterKey } from '../privacy/master-keys.js';
import { openEventsWith } from '../privacy/open-events.js';
import { toChain } from '../testing/cloud-events.js';
import { changed, created, type Item, itemEvents } from '../testing/items.js';
import type { History, HistoryEntry, HistoryReader } from './history.js';
import { OpenedHistory } from './opened-history.js';
import { ownEventsOf } from './read-own-events.js';

const NOTE = 'allergic to nuts';
const record = { topic: 'test.item.change', partition: 3, offset: 42, key: null, value: null, headers: {} };

describe('a history with sealed states', () => {
  const stream: EventStream = { ...itemEvents, keys: 'test.person.keys' };
  const masterKeys = new MasterKeys([newMasterKey()]);
  const key = newDataKey();
  const first = created('a');
  const owned = { ...first, state: { ...first.state, owner: 'ada', note: NOTE } };
  const second = changed(owned.state, 'b');
  const events = toChain(stream, [owned, second], key);
  let database: EmbeddedDatabase;
  let stored: History<Item>;
  let keys: Map<string, StoredKey>;
  let history: HistoryReader<Item>;

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    stored = (database.stores as Stores).history<Item>('items');
    keys = new Map([['ada', masterKeys.wrap('ada', key)]]);
    history = opened(stream);
    await stored.append(events.map((event) => entryOf(event)));
  });

  function opened(of: EventStream): HistoryReader<Item> {
    const ring = new KeyRing(masterKeys);
    const find = () => Promise.resolve(keys);
    return new OpenedHistory(stored, of, openEventsWith(ring, { find }, { find: () => Promise.resolve(new Map()) }));
  }

  function entryOf(event: CloudEvent): HistoryEntry<Item> {
    return ownEventsOf<Item>(stream).entry(event, record)!;
  }

  it('stores no personal part', async () => {
    expect(JSON.stringify(await stored.page('a', 0, 10))).not.toContain(NOTE);
    expect((await stored.find('a', 1))?.state).toMatchObject({ id: 'a', owner: 'ada', name: 'new' });
  });

  it('has whole states where they are read', async () => {
    expect((await history.find('a', 1))?.state).toEqual(owned.state);
    expect((await history.findAt('a', second.state.updatedAt))?.state).toEqual(second.state);
    expect((await history.page('a', 0, 10)).map(({ state }) => state)).toEqual([owned.state, second.state]);
  });

  it('has the states of former versions of a schema as today states them', async () => {
    const newer = {
      ...stream,
      schemaVersions: { ...stream.schemaVersions, created: 2 },
      schemas: [
        ...stream.schemas,
        { ...stream.schemas.find(({ $id }) => $id.endsWith('created:v1'))!, $id: 'urn:schema:test.item.created:v2' },
      ],
      upcasters: {
        'urn:schema:test.item.created:v1': (data: unknown) => {
          const { item, ...others } = data as { item: Item };
          return { ...others, item: { ...item, note: item.note?.toUpperCase() } };
        },
      },
    };
    expect((await opened(newer).find('a', 1))?.state).toEqual({ ...owned.state, note: NOTE.toUpperCase() });
  });

  it('has the person absent once the key is destroyed', async () => {
    keys.set('ada', { shreddedAt: '2026-01-01T00:00:00.000Z' });
    const { note: _, ...rest } = owned.state;
    expect((await history.find('a', 1))?.state).toEqual(rest);
  });

  it('has the states that a former version stored opened, beside the sealed part', async () => {
    const { schemaVersion: _, ...entry } = entryOf(events[0] as CloudEvent);
    const older = { ...entry, id: 'older', state: { ...owned.state, id: 'older' } };
    await stored.append([older]);
    expect(await history.find('older', 1)).toEqual(older);
  });

  it('has no state that was forgotten, and does not look for its key', async () => {
    await stored.forget('a', 2);
    keys.clear();
    expect(await history.find('a', 1)).not.toHaveProperty('state');
  });

  it('refuses while the key of a person is missing', async () => {
    keys.clear();
    await expect(history.find('a', 1)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('refuses a part that was altered, and says so', async () => {
    const entry = (await stored.find('a', 1))!;
    const other = { ...entry, id: 'b', state: { ...entry.state!, id: 'b' } };
    await stored.append([other]);
    await expect(history.find('b', 1)).rejects.toThrow(UnreadableRecord);
    await expect(history.find('b', 1)).rejects.toThrow('data/sealed was altered, or is of another event');
  });
});
