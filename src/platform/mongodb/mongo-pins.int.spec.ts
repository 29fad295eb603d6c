import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type MongoTestDatabase, mongoTestDatabase } from '../../../test/support/mongo-test-database.js';
import { describeWithRealServers } from '../../../test/support/real-servers.js';
import { pinPartitions } from '../bus/partition-pins.js';

describeWithRealServers('pins in a real MongoDB', () => {
  let database: MongoTestDatabase;

  beforeEach(() => {
    database = mongoTestDatabase();
  });

  afterEach(() => database.drop());

  it('remember the first number of each topic, whoever comes later with another one', async () => {
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

  it('refuse a topic whose number has changed, and take it again when it is as it was', async () => {
    const { pins } = await database.open();
    const having = (partitions: number) => ({ countPartitions: () => Promise.resolve(new Map([['t', partitions]])) });
    await pinPartitions(having(6), [pins], ['t']);
    await expect(pinPartitions(having(12), [pins], ['t'])).rejects.toMatchObject({
      code: 'partitions-changed',
      message: 't has 12 partitions, and was made with 6: events of one key would be in two',
    });
    await pinPartitions(having(6), [pins], ['t']);
  });
});
