import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventOf, logged, SECRET, SubscriptionWorld } from '../testing/subscription-world.js';

describe('a subscription', () => {
  let world: SubscriptionWorld;

  beforeEach(() => {
    world = new SubscriptionWorld();
  });

  it('keeps the dead record as it was, and says beside it where it was and why', async () => {
    const poison = logged(7, `{"card":"${SECRET}"`);
    await world.handle(poison, logged(8, eventOf('unreadable')));

    const [dead, other] = world.log.records;
    expect(dead).toMatchObject({ key: poison.key, value: poison.value });
    expect(dead?.headers).toEqual({
      'content-type': 'application/json',
      'dlt-topic': 'topic',
      'dlt-partition': '3',
      'dlt-offset': '7',
      'dlt-group': 'group',
      'dlt-error': 'not JSON',
      'dlt-attempts': '1',
      'dlt-time': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(other?.headers).toMatchObject({ 'dlt-offset': '8', 'dlt-error': 'it fails the schema at /data' });
  });

  it('quotes nothing of the dead record in the headers', async () => {
    const values = [`{"card":"${SECRET}"`, SECRET, `["${SECRET}"]`, `{"specversion":"${SECRET}"}`];
    await world.handle(...values.map((value, offset) => logged(offset, value)));

    expect(world.log.records).toHaveLength(values.length);
    for (const { headers } of world.log.records) expect(JSON.stringify(headers)).not.toContain(SECRET.slice(0, 6));
  });

  it('says nothing of what the record said of itself as a dead letter before', async () => {
    const headers = { 'dlt-offset': '1', 'dlt-value-omitted': '9', mine: 'x' };
    await world.handle({ ...logged(7, 'poison'), headers });

    expect(world.log.records[0]?.headers).toMatchObject({ mine: 'x', 'dlt-offset': '7' });
    expect(world.log.records[0]?.headers).not.toHaveProperty('dlt-value-omitted');
  });

  describe('with a dead record that is too large for a letter', () => {
    it('leaves its value where it is, says so, and keeps the others whole', async () => {
      world.maxBytes = 100;
      const large = { ...logged(1, 'x'.repeat(101), 'key'), headers: { long: 'header' } };
      await world.handle(logged(0, 'small'), large, logged(2, 'small, too'));

      const letters = new Map(world.log.records.map((each) => [each.headers['dlt-offset'], each]));
      expect(letters.get('0')).toMatchObject({ value: Buffer.from('small') });
      expect(letters.get('2')).toMatchObject({ value: Buffer.from('small, too') });
      expect(letters.get('1')).toMatchObject({ key: Buffer.from('key'), value: null });
      expect(letters.get('1')?.headers).toMatchObject({ 'dlt-value-omitted': '101', 'dlt-error': 'not JSON' });
      expect(letters.get('1')?.headers).not.toHaveProperty('long');
      expect(letters.get('0')?.headers).not.toHaveProperty('dlt-value-omitted');
    });

    it('does without a key that is long, too', async () => {
      world.maxBytes = 100;
      await world.handle(logged(1, 'x'.repeat(101), 'k'.repeat(2_000)));

      expect(world.log.records).toMatchObject([{ key: null, value: null }]);
    });
  });
});
