import { Container } from 'inversify';
import { describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { PLATFORM } from '../src/platform/context.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/embedded-database.js';
import { shopCalled } from './support/shop.js';

const contexts = [...CONTEXTS, { ...shopCalled('shop'), name: 'shop', events: { reads: [] } }];

describe('what takes part in a replay', () => {
  it.each(contexts)('of $name is every outbox that is opened, and every topic that is read', async (context) => {
    const database = await openEmbeddedDatabase('memory');
    try {
      const container = new Container();
      container.bind(PLATFORM.stopping).toConstantValue(new AbortController().signal);
      container.load(context.bindings(database));
      const { systemsOfRecord, projections } = context.replay(database);
      const opened = container.getAll(PLATFORM.outbox).map(({ topic }) => topic);

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
