import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { UnconfirmedErasures } from './unconfirmed-erasures.js';

const KEYS = 'accounts.customer.keys';

describe('erasures that are not confirmed', () => {
  let confirmed: Set<string>;
  let isAway: boolean;
  let unconfirmed: UnconfirmedErasures;

  beforeEach(() => {
    confirmed = new Set();
    isAway = false;
    unconfirmed = new UnconfirmedErasures({
      ...{ keysTopic: KEYS, confirming: ['orders', 'letters'] },
      has: (person, context) =>
        isAway
          ? Promise.reject(new Error('the database is away'))
          : Promise.resolve(confirmed.has(`${person} ${context}`)),
    });
  });

  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
  const countsOf = async () =>
    Object.fromEntries((await unconfirmed.report()).map(({ context, count }) => [context, count]));

  it('are none at first', async () => {
    expect(await unconfirmed.report()).toEqual([
      { keysTopic: KEYS, context: 'orders', count: 0, oldestSeconds: 0 },
      { keysTopic: KEYS, context: 'letters', count: 0, oldestSeconds: 0 },
    ]);
  });

  it('are counted for each context until it has confirmed, with the age of the oldest', async () => {
    unconfirmed.add(KEYS, [
      { person: 'a', time: ago(100) },
      { person: 'b', time: ago(50) },
    ]);
    // An event is delivered again.
    unconfirmed.add(KEYS, [{ person: 'a', time: ago(100) }]);
    confirmed.add('a orders');

    const [orders, letters] = await unconfirmed.report();
    expect([orders?.count, letters?.count]).toEqual([1, 2]);
    expect(Math.floor(orders!.oldestSeconds!)).toBe(50);
    expect(Math.floor(letters!.oldestSeconds!)).toBe(100);

    for (const each of ['b orders', 'a letters', 'b letters']) confirmed.add(each);
    await eventually(async () => expect(await countsOf()).toEqual({ orders: 0, letters: 0 }));
  });

  it('are looked up until those that are confirmed are gone, also when there are many', async () => {
    const persons = Array.from({ length: 350 }, (_, index) => `person-${index}`);
    unconfirmed.add(
      KEYS,
      persons.map((person) => ({ person, time: ago(10) })),
    );
    for (const person of persons.slice(0, 300)) confirmed.add(`${person} orders`);

    expect(await countsOf()).toEqual({ orders: 50, letters: 350 });
  });

  it('are unknown while the database is away', async () => {
    unconfirmed.add(KEYS, [{ person: 'a', time: ago(1) }]);
    isAway = true;

    expect(await unconfirmed.report()).toEqual([
      { keysTopic: KEYS, context: 'orders' },
      { keysTopic: KEYS, context: 'letters' },
    ]);
  });

  it('are not of the persons of another context', async () => {
    unconfirmed.add('other.person.keys', [{ person: 'a', time: ago(1) }]);

    expect(await countsOf()).toEqual({ orders: 0, letters: 0 });
  });
});
