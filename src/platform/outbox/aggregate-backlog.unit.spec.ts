import { expect, it } from '@jest/globals';
import { changed, created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { FlakyLog } from '../testing/relay-world.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { eventLimitOf, backlogByAggregate } from './aggregate-backlog.js';

it('tells of each aggregate what it has to publish, and what of that the topic refuses', async () => {
  const database = await openEmbeddedDatabase('memory');
  const store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
  await store.save(undefined, created('fits', '2026-01-01T00:00:00.000Z'));
  await store.save(undefined, created('does not', '2026-01-02T00:00:00.000Z'));
  for (const name of ['x'.repeat(5_000), 'y']) {
    const before = (await store.find('does not'))!;
    await store.save(before, changed(before.state, name));
  }
  const log = new FlakyLog();
  log.maxBytes = 4_000;

  const listed: unknown[] = [];
  for await (const each of backlogByAggregate(store, await eventLimitOf(log.bus(), store.topic))) listed.push(each);

  const topic = itemEvents.topic;
  const bytes = expect.any(Number);
  expect(listed).toEqual([
    { topic, id: 'fits', first: 1, last: 1, since: '2026-01-01T00:00:00.000Z', bytes },
    {
      topic,
      id: 'does not',
      first: 1,
      last: 3,
      since: '2026-01-02T00:00:00.000Z',
      bytes,
      refused: { version: 2, bytes },
    },
  ]);
  await database.close();
});

it("takes Kafka's default for the limit where nobody tells it", async () => {
  expect(await eventLimitOf({ describeTopics: () => Promise.resolve([]) }, 't')).toBe(1_047_564);
});
