import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { created } from '../testing/items.js';
import { type Logged, logs, recordsOf } from '../testing/random-logs.js';
import { type ShopFixture, ShopWorld } from '../testing/shop-world.js';
import { findWithPending } from './stored-with-pending.js';

const MIN_RUNS_TO_SHRINK = 10;

/** The contract of a replay of the states alone. @param runs of the property test */
export function replayStatesContract(name: string, openFixture: () => Promise<ShopFixture>, runs: number): void {
  describe(`a replay of the states alone on ${name}, which reads the newest events first,`, () => {
    let world: ShopWorld;

    beforeEach(async () => {
      world = await ShopWorld.open(openFixture);
    });

    afterEach(() => world.close());

    const STATES = { only: 'states', window: 2 } as const;

    it('comes to the same as applying every event in order, whatever the log has, and while it grows', async () => {
      await fc.assert(
        fc.asyncProperty(
          logs,
          fc.nat(8),
          fc.integer({ min: 1, max: 4 }),
          fc.nat(3),
          fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
          async (log, growth, window, kept, workers) => {
            const other = await ShopWorld.open(openFixture);
            try {
              const stream = other.context.streams.items;
              const publish = async (some: readonly Logged[]) => {
                if (some.length > 0)
                  await other.fixture.bus.publish(
                    stream.topic,
                    some.flatMap((each) => recordsOf(stream, each)),
                  );
              };
              const begin = log.length - growth;
              await publish(log.slice(0, begin));
              const states = await other.rebuilt(
                { only: 'states', window, limits: { events: kept, bytes: 1e6, batch: 2 }, workers },
                () => publish(log.slice(begin)),
              );
              const all = await other.rebuilt();
              expect(states.documents).toEqual({ items: all.documents.items, parts: all.documents.parts });
              expect(states.links).toEqual(all.links);
              expect(states.refused).toEqual(all.refused);
            } finally {
              await other.close();
            }
          },
        ),
        // To shrink what failed takes hundreds of runs, too long for real servers.
        { numRuns: runs, endOnFailure: runs < MIN_RUNS_TO_SHRINK },
      );
    }, 120_000);

    it('brings them up to date, with what only the store has, and leaves the histories as they are', async () => {
      const commands = [{ key: 'k', request: 'r', at: new Date().toISOString(), version: 1 }];
      await world.save('a', ['one', 'two', 'three']);
      await world.save('b', ['one']);
      await world.publishAll();
      await world.project();
      const newest = await world.publishElsewhere('a', ['four', 'five']);
      await world.shop.items.save(undefined, { ...created('c'), commands });
      const [recorded, own] = [await world.shop.history.page('a', 0, 9), await world.shop.items.find('c')];

      await world.replay({}, {}, STATES);

      expect(await findWithPending(world.shop.items, 'a')).toEqual({ ...newest, pending: [] });
      expect(await world.shop.items.find('c')).toEqual(own);
      expect(await world.shop.history.page('a', 0, 9)).toEqual(recorded);
      await world.replay({}, {}, { only: 'histories' });
      expect(await world.shop.history.page('a', 0, 9)).toHaveLength(5);
      expect(await world.shop.items.find('c')).toEqual(own);
      await world.publishAll();
      await world.project();
      expect(await world.findings()).toEqual([]);
    });

    it.each(['states', 'histories'] as const)('refuses %s whose aggregates are ahead of the log', async (only) => {
      await world.save('a', ['one']);
      await world.publishAll();
      await world.save('a', ['two']);
      await world.lose('a');

      const conflicts: string[] = [];
      const replaying = world.replay(
        { onConflict: ({ id, kind }) => conflicts.push(`${id} ${kind}`) },
        {},
        { ...STATES, only },
      );

      await expect(replaying).rejects.toMatchObject({ code: 'would-lose-changes' });
      expect(conflicts).toEqual(['a ahead']);
      expect((await world.shop.items.find('a'))?.state.version).toBe(2);
    });

    it('resolves a fork as a replay of everything does', async () => {
      await world.save('a', ['one', 'two']);
      await world.publishAll();
      const log = await world.publishElsewhere('a', ['three there']);
      await world.save('a', ['three here', 'four here']);
      await world.publishAll();
      const replay = (options = {}) => world.replay(options, {}, STATES);
      await expect(replay()).rejects.toMatchObject({ code: 'would-lose-changes' });

      await replay({ keep: 'log' });

      const ended = (await findWithPending(world.shop.items, 'a'))!;
      expect(ended.state).toMatchObject({ name: log.state.name, version: 5 });
      await world.publishAll();
      await world.project();
      await world.replay();
      expect((await world.shop.items.find('a'))?.state).toEqual(ended.state);
      expect(await world.findings()).toEqual([]);
    });
  });
}
