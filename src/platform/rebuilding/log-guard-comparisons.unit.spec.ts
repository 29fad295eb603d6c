import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { itemEvents } from '../testing/items.js';
import { GROUP, LogGuardWorld } from '../testing/log-guard-world.js';
import type { LogGuard } from './log-guard.js';

describe('A log guard', () => {
  let world: LogGuardWorld;

  beforeEach(async () => {
    world = await LogGuardWorld.open();
  });

  afterEach(() => world.close());

  it('compares again after a suspicion that is raised during a comparison', async () => {
    await world.create(randomUUID());
    await world.publish();
    let reads = 0;
    const guard: LogGuard = world.newGuard({
      extents: world.log.extents.bind(world.log),
      read: (...args) => {
        reads += 1;
        if (reads === 1) guard.suspect();
        return world.log.read(...args);
      },
    });
    for (let checks = 0; checks < 3; checks += 1) await guard.check();
    expect(reads).toBe(2);
  });

  it('ignores a comparison that ends after a later one', async () => {
    await world.create(randomUUID());
    await world.publish();
    let [calls, answerFirst] = [0, (): void => undefined];
    const held = new Promise<void>((resolve) => (answerFirst = resolve));
    const forkedVersions = world.history.forkedVersions.bind(world.history);
    world.history.forkedVersions = async () => {
      calls += 1;
      if (calls === 1) await held;
      return forkedVersions();
    };
    const guard = world.newGuard();
    const earlier = guard.check();
    await eventually(() => expect(calls).toBe(1));
    const position = { topic: itemEvents.topic, partition: 0, next: 41, last: '' };
    await world.positions.advance(GROUP, [{ position, from: undefined }]);
    await guard.check();
    answerFirst();
    await earlier;
    expect(guard.disagreement).toBe('ahead-of-the-log');
  });

  it('keeps its last result while the log does not answer', async () => {
    let isAway = false;
    const bus = {
      extents: (topic: string) => (isAway ? Promise.reject(new Error('away')) : world.log.extents(topic)),
      read: world.log.read.bind(world.log),
    };
    const guard = world.newGuard(bus);
    expect(await world.refusal(guard)).toBeUndefined();
    isAway = true;
    expect(await world.refusal(guard)).toBeUndefined();

    const id = randomUUID();
    await world.create(id);
    await world.publish();
    await world.newDatabase();
    isAway = false;
    const another = world.newGuard(bus);
    expect(await world.refusal(another)).toMatchObject({ code: 'behind-the-log' });
    isAway = true;
    expect(await world.refusal(another)).toMatchObject({ code: 'behind-the-log' });
  });

  it('is down but refuses nothing until the log answers for the first time', async () => {
    const guard = world.newGuard({
      extents: () => Promise.reject(new Error('away')),
      read: world.log.read.bind(world.log),
    });
    await guard.check();

    expect(await guard.dependency().check()).toMatchObject({
      up: false,
      detail: expect.stringContaining('not been compared'),
    });
    expect(guard.dependency().required()).toBe(false);
    expect(() => world.store.admit()).not.toThrow();
  });
});
