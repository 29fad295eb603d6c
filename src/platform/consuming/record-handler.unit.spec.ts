import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventOf, logged, SECRET, SubscriptionWorld } from '../testing/subscription-world.js';
import { unavailable } from '../tools/errors.js';
import { deadLetterTopic } from './dead-letter.js';

describe('a subscription', () => {
  let world: SubscriptionWorld;

  beforeEach(() => {
    world = new SubscriptionWorld();
  });

  it('reacts to what it reads, in order and at once', async () => {
    await world.handle(logged(0, eventOf('a')), logged(1, eventOf('b')), logged(2, eventOf('a')));

    expect(world.copies.applied).toEqual([['a', 'b', 'a']]);
    expect(world.topics).toEqual([]);
  });

  it('passes over the types that it does not care for', async () => {
    await world.handle(logged(0, eventOf('a', 'unheard-of')), logged(1, eventOf('b')));
    await world.handle(logged(2, eventOf('a', 'unheard-of')));

    expect(world.copies.applied).toEqual([['b']]);
    expect(world.topics).toEqual([]);
  });

  it('puts what can never be applied to the dead letters, and applies the rest', async () => {
    await world.handle(logged(6, eventOf('a')), logged(7, `{"card":"${SECRET}"`), logged(8, eventOf('b')));

    expect(world.copies.applied).toEqual([['a', 'b']]);
    expect(world.topics).toEqual([deadLetterTopic(world.copies)]);
    expect(deadLetterTopic(world.copies)).toBe('topic.group.dlt');
  });

  it('reports what became of the records of each delivery', async () => {
    const versionOne = { ce_source: '/items', ce_subject: 'a', ce_sequence: '1' };
    const first = { ...logged(0, eventOf('a')), headers: versionOne };
    await world.handle(first, logged(1, 'poison'), logged(2, eventOf('b')));
    await world.handle({ ...first, offset: 3 });
    world.copies.failure = unavailable('the database is away');
    await expect(world.handle(logged(4, eventOf('c')), logged(5, eventOf('d')))).rejects.toThrow('away');
    world.lease.abort();
    await expect(world.handle(logged(4, eventOf('c')))).rejects.toThrow();

    const seconds = expect.any(Number);
    expect(world.handled).toEqual([
      { applied: 2, skipped: 0, failed: 0, seconds },
      { applied: 0, skipped: 1, failed: 0, seconds },
      { applied: 0, skipped: 0, failed: 2, seconds },
    ]);
  });

  it('is not done with a dead record that the bus has not taken', async () => {
    world.outcomes = ['before'];

    await expect(world.handle(logged(0, 'poison'), logged(1, eventOf('a')))).rejects.toThrow('the bus failed');
    expect(world.counted).toBe(0);
    await world.handle(logged(0, 'poison'), logged(1, eventOf('a')));
    expect(world.log.records).toHaveLength(1);
    expect(world.counted).toBe(1);
  });

  it('lets the records come again when a dependency is away, and gives none of them up', async () => {
    world.copies.failure = unavailable('the database is away');

    await expect(world.handle(logged(0, eventOf('a')), logged(1, 'poison'))).rejects.toBe(world.copies.failure);
    expect(world.topics).toEqual([]);
    expect(world.copies.tries).toBe(1);
  });

  it('gives up a record that its reader fails on, and says no more of the error than its class', async () => {
    await world.handle(logged(0, eventOf('broken')), logged(1, eventOf('a')));

    expect(world.copies.applied).toEqual([['a']]);
    expect(world.log.records.map(({ headers }) => headers['dlt-error'])).toEqual(['reading it failed: TypeError']);
    expect(JSON.stringify(world.log.records[0]?.headers)).not.toContain(SECRET);
  });

  describe('whose own code fails on a message', () => {
    const tries = 8;
    const batch = ['a', 'b', 'bug', 'c', 'a'].map((name, offset) => logged(offset, eventOf(name)));
    const errorOfBug = () => new TypeError(`bug pays with ${SECRET}`);
    beforeEach(() => {
      world.copies.bugs.set('bug', errorOfBug);
    });

    async function failUntilLastTry(): Promise<void> {
      for (let attempt = 1; attempt < tries; attempt += 1) {
        await expect(world.handle(...batch)).rejects.toThrow(TypeError);
        expect(world.topics).toEqual([]);
      }
    }

    it('lets the records come again a bounded number of times, then gives up the one and applies the others', async () => {
      await failUntilLastTry();
      await world.handle(...batch);

      expect(world.copies.applied.flat()).toEqual(['a', 'b', 'c', 'a']);
      expect(world.log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['2']);
      expect([world.counted, world.failed]).toEqual([1, 1]);
    });

    it('says in the letter what failed and where, and nothing of what the record says', async () => {
      await failUntilLastTry();
      await world.handle(...batch);

      const [headers] = world.log.records.map((each) => each.headers);
      expect(headers?.['dlt-error']).toMatch(/^programming error: TypeError at src\/platform\/consuming\/.+\.ts:\d+$/);
      expect(headers?.['dlt-stack']).toMatch(/apply-records\.ts:\d+/);
      expect(Number(headers?.['dlt-attempts'])).toBeGreaterThanOrEqual(tries);
      expect(JSON.stringify([headers, world.lines])).not.toContain(SECRET);
      expect(JSON.parse(world.lines.at(-1) ?? '')).toMatchObject({
        topic: 'topic',
        partition: 3,
        offset: 2,
        group: 'group',
        eventType: 'test.item.created',
      });
    });

    it('begins to count again once it has succeeded', async () => {
      await failUntilLastTry();
      world.copies.bugs.clear();
      await world.handle(...batch);

      world.copies.bugs.set('bug', errorOfBug);
      await failUntilLastTry();
      expect(world.topics).toEqual([]);
    });

    it('does not count what a dependency fails on, nor what is broken off', async () => {
      const record = logged(9, eventOf('a'));
      world.copies.failure = Object.assign(new Error('what is this?'), { name: 'MongoServerError', code: 424_242 });
      for (let attempt = 0; attempt < 2 * tries; attempt += 1) {
        await expect(world.handle(record)).rejects.toBe(world.copies.failure);
      }
      world.copies.failure = new Error('the consumer lets go');
      world.lease.abort(world.copies.failure);
      for (let attempt = 0; attempt < 2 * tries; attempt += 1) {
        await expect(world.handle(record)).rejects.toBe(world.copies.failure);
      }
      expect(world.topics).toEqual([]);
    });

    it('gives up nothing while a dependency is away that it needs to find the one', async () => {
      await failUntilLastTry();
      world.copies.bugs.clear();
      world.copies.failure = unavailable('away');
      await expect(world.handle(...batch)).rejects.toBe(world.copies.failure);
      world.copies.failure = undefined;
      await world.handle(...batch);

      expect(world.topics).toEqual([]);
      expect(world.copies.applied.flat()).toEqual(['a', 'b', 'bug', 'c', 'a']);
    });
  });
});
