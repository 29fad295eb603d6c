import { describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { shopCalled } from '../src/platform/testing/shop.js';

const contexts = [...CONTEXTS, shopCalled('shop')];

describe('what takes part in a replay', () => {
  it.each(contexts)('of $name is every store that is opened, and every topic that is read', async (context) => {
    const database = await openEmbeddedDatabase('memory');
    try {
      const { stores, replayable } = context.open(database);
      const { systemsOfRecord, projections } = replayable;
      const opened = stores.map(({ topic }) => topic);

      expect(opened.length).toBeGreaterThan(0);
      expect(systemsOfRecord.map(({ store }) => store.topic).sort()).toEqual(opened.sort());
      expect(systemsOfRecord.map(({ stream }) => stream.topic).sort()).toEqual(opened.sort());
      const projected = projections.map(({ topic }) => topic);
      expect(projected).toEqual(expect.arrayContaining([...opened, ...context.events.reads.map(({ topic }) => topic)]));
    } finally {
      await database.close();
    }
  });
});
