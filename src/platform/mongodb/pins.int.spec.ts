import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type MongoTestDatabase, mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { createPinnedTopics } from '../log/partition-pins.js';

describeWithRealServers('pins in a real MongoDB', () => {
  let database: MongoTestDatabase;

  beforeEach(() => {
    database = mongoTestDatabase();
  });

  afterEach(() => database.drop());

  it('keep the first partition count of each topic', async () => {
    const [{ pins }, { pins: others }] = await Promise.all([database.open(), database.open()]);
    await Promise.all([pins.pin(new Map([['a', 6]])), others.pin(new Map([['a', 6]]))]);
    await others.pin(
      new Map([
        ['a', 12],
        ['b', 3],
      ]),
    );
    expect(await pins.pinned(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 6],
        ['b', 3],
      ]),
    );
  });

  it('refuse a topic whose partition count has changed, until it is the pinned one again', async () => {
    const { pins } = await database.open();
    const having = (partitions: number) => ({
      createTopics: () => Promise.resolve(),
      countPartitions: () => Promise.resolve(new Map([['t', partitions]])),
    });
    await createPinnedTopics(having(6), [pins], ['t']);
    await expect(createPinnedTopics(having(12), [pins], ['t'])).rejects.toMatchObject({
      code: 'partitions-changed',
      message: 't has 12 partitions, and was created with 6: events of one key would be in two',
    });
    await createPinnedTopics(having(6), [pins], ['t']);
  });

  it('give the partition count with which a deleted topic is recreated', async () => {
    const { pins } = await database.open();
    const { pins: others } = await database.open();
    const made = new Map<string, number>();
    const bus = (configured: number) => ({
      createTopics: (topics: readonly string[], partitions?: ReadonlyMap<string, number>) => {
        for (const topic of topics) made.set(topic, partitions?.get(topic) ?? configured);
        return Promise.resolve();
      },
      countPartitions: () => Promise.resolve(made),
    });
    await createPinnedTopics(bus(6), [pins, others], ['t']);
    made.clear();
    await createPinnedTopics(bus(12), [pins, others], ['t', 'new']);
    expect(made).toEqual(
      new Map([
        ['t', 6],
        ['new', 12],
      ]),
    );
  });
});
