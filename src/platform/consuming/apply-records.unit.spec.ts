import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventOf, logged, SubscriptionWorld } from '../testing/subscription-world.js';

describe('a subscription whose database refuses a message for good', () => {
  let world: SubscriptionWorld;

  beforeEach(() => {
    world = new SubscriptionWorld();
  });

  it('applies all others in order, those before and after it', async () => {
    const names = ['a', 'b', 'refused', 'c', 'a', 'd', 'refused too', 'e', 'f'];
    await world.handle(...names.map((name, offset) => logged(offset, eventOf(name))));

    expect(world.copies.applied.flat()).toEqual(['a', 'b', 'c', 'a', 'd', 'e', 'f']);
    expect(world.log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['2', '6']);
    expect(world.counted).toBe(2);
  });

  it('says why, and how often it was tried', async () => {
    await world.handle(logged(4, eventOf('refused')));
    await world.handle(logged(5, eventOf('a')), logged(6, eventOf('refused')), logged(7, eventOf('b')));

    const [alone, among] = world.log.records.map(({ headers }) => headers);
    expect(alone).toMatchObject({ 'dlt-offset': '4', 'dlt-error': 'never that', 'dlt-attempts': '1' });
    expect(among).toMatchObject({ 'dlt-offset': '6', 'dlt-error': 'never that', 'dlt-attempts': '3' });
  });

  it('finds one among many in few tries', async () => {
    const names = Array.from({ length: 500 }, (_, index) => (index === 321 ? 'refused' : `name-${index}`));
    await world.handle(...names.map((name, offset) => logged(offset, eventOf(name))));

    expect(world.copies.applied.flat()).toEqual(names.filter((name) => name !== 'refused'));
    expect(world.copies.tries).toBeLessThan(25);
  });

  it('keeps the order of the log among the dead letters', async () => {
    await world.handle(
      logged(0, 'poison'),
      logged(1, eventOf('refused')),
      logged(2, 'poison'),
      logged(3, eventOf('a')),
    );

    expect(world.log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['0', '1', '2']);
  });
});
