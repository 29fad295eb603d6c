import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { unpublishedOf } from '../testing/item-stores.js';
import { FAST_PATH, OutboxWorld, SWEEPING } from '../testing/outbox-world.js';
import { setAsideHealth } from './set-aside.js';

describe('the relay when the log refuses an event', () => {
  let world: OutboxWorld;

  beforeEach(async () => {
    world = await OutboxWorld.open();
  });

  afterEach(() => world.close());

  const refused = () => eventually(() => expect(world.log.refusals).toBeGreaterThan(0));

  /** Commits a version that is too large for the log from then on, among others. */
  async function commitTooLarge(id: string): Promise<void> {
    await world.commit(id, 1);
    await world.instance.commit(id, undefined, undefined, 'x'.repeat(3_000));
    await world.commit(id, 2);
    world.log.maxBytes = 2_500;
  }

  it('sets its aggregate aside alone, and what follows on it, and publishes all others', async () => {
    const others = Array.from({ length: 50 }, (_, index) => `item-${index}`);
    for (const id of others.slice(0, 25)) await world.commit(id, 1);
    await commitTooLarge('a');
    for (const id of others.slice(25)) await world.commit(id, 1);
    const relay = world.start(SWEEPING);
    await eventually(async () => expect((await unpublishedOf(world.store)).map(({ id }) => id)).toEqual(['a']));
    await eventually(() => expect(relay.setAside).toHaveLength(1));
    await world.commit('b', 1);
    await eventually(async () => expect((await unpublishedOf(world.store)).map(({ id }) => id)).toEqual(['a']));

    expect(world.log.firstAppearances('a')).toEqual([1]);
    expect(await world.pendingVersions('a')).toEqual([2, 3, 4]);
    for (const id of [...others, 'b']) expect(world.log.firstAppearances(id)).toEqual([1]);
    expect(relay.setAside).toEqual([
      { id: 'a', version: 2, bytes: expect.any(Number), since: expect.stringMatching(/Z$/) },
    ]);
    expect(setAsideHealth('t', relay.setAside)).toEqual({
      up: false,
      detail: expect.stringMatching(
        /^t refuses events for their size \(max.message.bytes\): a \(version 2, \d+ bytes\)$/,
      ),
    });
  });

  it('leaves what is committed to it later in the outbox, in order', async () => {
    await commitTooLarge('a');
    world.start(SWEEPING);
    await refused();
    await world.commit('a', 3);
    await world.commit('b', 1);
    await eventually(() => expect(world.log.firstAppearances('b')).toEqual([1]));

    expect(world.log.firstAppearances('a')).toEqual([1]);
    expect(await world.pendingVersions('a')).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('publishes it, and all that waits behind it in order, when the log takes it again', async () => {
    await commitTooLarge('a');
    const relay = world.start({ ...SWEEPING, retryAfter: 20 });
    await refused();
    await world.commit('a', 60);
    await eventually(() => expect(world.log.refusals).toBeGreaterThan(8));
    world.log.maxBytes = Infinity;
    await world.trimmed();

    expect(world.log.firstAppearances('a')).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
    await eventually(() => expect(relay.setAside).toEqual([]));
    await world.commit('a', 1);
    await world.trimmed();
    expect(world.log.firstAppearances('a').at(-1)).toBe(65);
  });

  it('forgets it when somebody else has published it', async () => {
    await commitTooLarge('a');
    const relay = world.start({ ...SWEEPING, retryAfter: 20 });
    await eventually(() => expect(relay.setAside).toHaveLength(1));
    await world.store.trim(new Map([['a', 4]]));

    await eventually(() => expect(relay.setAside).toEqual([]));
    await world.commit('a', 1);
    await world.trimmed();
  });

  it('tells the store how large an event may be, so that the command is refused', async () => {
    await world.instance.commit('a');
    world.log.maxBytes = 5_000;
    world.start(FAST_PATH);
    await eventually(() =>
      expect(world.instance.commit('a', undefined, undefined, 'x'.repeat(4_000))).rejects.toMatchObject({
        kind: 'too-large',
        message: expect.stringContaining(' takes 3976 '),
      }),
    );
  });
});
