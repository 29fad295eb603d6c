import { describe, expect, it } from '@jest/globals';
import type { StoredAggregate } from '../aggregate/aggregates.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { type Item, personEvents } from '../testing/items.js';
import type { HistoryEntry } from '../views/history.js';
import { erasuresFrom } from './attestations.js';

const AT = '2026-11-24T08:00:00.000Z';
const ERASED = { id: 'ada', version: 3, createdAt: AT, updatedAt: AT, erased: true } as unknown as Item;

describe('an attestation of an erasure', () => {
  const entry = (version: number): HistoryEntry => ({
    ...{ id: 'ada', version, type: 'test.item.changed', eventId: `e${version}`, time: AT, changed: [], actor: 'ann' },
    ...{ partition: 0, offset: version, sealed: { kid: 'k1', alg: 'A256GCM', zip: 'DEF-d1', box: '' } },
  });

  it('waits for the history, which knows who erased the person and which key was destroyed', async () => {
    const database = await openEmbeddedDatabase('memory');
    const history = database.stores.history('history');
    let looks = 0;
    const { attest } = erasuresFrom({
      events: personEvents,
      store: { find: () => Promise.resolve({ state: ERASED, commands: [] } as StoredAggregate<Item>) },
      history: {
        page: (id, after, limit) => history.page(id, after, limit),
        find: (id, version) => history.find(id, version),
        newestVersion: async (id) => {
          looks += 1;
          if (looks === 3) await history.append([entry(3)]);
          return history.newestVersion(id);
        },
      },
      confirmations: database.stores.projection('confirmations'),
      confirming: ['orders'],
    });
    await history.append([entry(1), entry(2)]);

    expect(await attest('ada')).toMatchObject({ version: 3, erasedBy: 'ann', destroyedKey: 'k1', awaited: ['orders'] });
    expect(looks).toBeGreaterThanOrEqual(3);
    await database.close();
  });

  it('is refused, not incomplete, as long as the history does not have the erasure', async () => {
    const database = await openEmbeddedDatabase('memory');
    const history = database.stores.history('history');
    await history.append([entry(1), entry(2)]);
    const { attest } = erasuresFrom({
      events: personEvents,
      store: { find: () => Promise.resolve({ state: ERASED, commands: [] } as StoredAggregate<Item>) },
      history,
      confirmations: database.stores.projection('confirmations'),
      confirming: [],
    });
    await expect(attest('ada')).rejects.toMatchObject({ kind: 'unavailable' });
    await database.close();
  });
});
