import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changed, created, type Item } from '../testing/items.js';
import { toEventRecord } from '../event/event-record.js';
import { type Logged, logs, recordsOf } from '../testing/random-logs.js';
import { type ShopFixture, ShopWorld } from '../testing/shop-world.js';
import type { Change } from '../aggregate/aggregates.js';
import { composeChange, eventOf } from '../aggregate/pending-event.js';
import { resolvedBy } from '../event/extensions.js';
import type { GivenUp } from './forks.js';
import { findWithPending, type StoredWithPending } from './stored-with-pending.js';

const MIN_RUNS_TO_SHRINK = 10;

/** The contract of a replay on every log and every database. @param runs of the property test */
export function replayContract(name: string, openFixture: () => Promise<ShopFixture>, runs: number): void {
  describe(`a replay on ${name}`, () => {
    let world: ShopWorld;

    beforeEach(async () => {
      world = await ShopWorld.open(openFixture);
    });

    afterEach(() => world.close());

    it('copies pending events and remembered commands of every aggregate type', async () => {
      const commands = [{ key: 'k', fingerprint: 'f', at: '2026-01-01T00:00:00.000Z', version: 1 }];
      const stores = () => [world.shop.items, world.shop.parts];
      for (const store of stores()) {
        await store.save(undefined, { ...created('published'), commands });
        await store.save(undefined, created('moved'));
      }
      await world.publishAll();
      for (const store of stores()) {
        const moved = (await store.find('moved'))!;
        await store.save(moved, { ...changed(moved.state, 'unpublished'), commands });
        await store.save(undefined, created('new'));
      }
      const all = () =>
        Promise.all(stores().flatMap((store) => ['published', 'moved', 'new'].map((id) => store.find(id))));
      const before = await all();
      expect(before).not.toContain(undefined);

      await world.replay();

      expect(await all()).toEqual(before);
    });

    it('copies the remembered commands of aggregates that were read and not restored yet when it took over', async () => {
      const commands = [{ key: 'k', request: 'r', at: new Date().toISOString(), version: 1 }];
      await world.save('a', ['one']);
      await world.publishAll();

      await world.replay(
        {},
        {
          onFilled: async (handOver) => {
            await world.shop.items.save(undefined, { ...created('new'), commands });
            await world.publishAll();
            await handOver();
          },
        },
      );

      expect((await world.shop.items.find('new'))?.commands).toEqual(commands);
    });

    describe('of the states alone, which reads the newest events first,', () => {
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

    describe('of a log that has lost records', () => {
      it.each([
        ['an aggregate', []],
        ['the newest versions', ['one', 'two']],
      ])('refuses when it has lost %s, names the aggregate, and discards it if told to', async (_, published) => {
        await world.save('b', ['one']);
        if (published.length > 0) await world.save('a', published);
        await world.publishAll();
        const { state, hash } = await world.save('a', ['three', 'four']);
        await world.lose('a');

        expect(await world.refusal()).toMatchObject([
          { id: 'a', kind: 'ahead', head: { version: state.version, hash }, topic: world.shop.items.topic },
        ]);
        expect(await world.refusal({ keep: 'log' })).toHaveLength(1);
        expect(await world.findings()).toContain('a ahead');

        await world.replay({ mayLose: true });
        expect((await world.shop.items.find('a'))?.state.version).toBe(published.length || undefined);
        expect(await world.findings()).toEqual([]);
      });

      it('refuses when the newest version exists but is unreadable', async () => {
        await world.save('a', ['one']);
        await world.publishAll();
        const { pending } = await world.save('a', ['two']);
        const [record] = pending.map(({ json }) => toEventRecord('a', json.replace('.changed:v2', '.changed:v9')));
        await world.fixture.bus.publish(world.shop.items.topic, [record!]);
        await world.lose('a');

        expect(await world.refusal()).toMatchObject([{ id: 'a', kind: 'ahead', head: { version: 2 } }]);
      });

      it('refuses when it has lost an earlier version that the history has', async () => {
        await world.save('a', ['one', 'two', 'three']);
        const { pending } = (await findWithPending(world.shop.items, 'a'))!;
        const records = pending.map(({ json }) => toEventRecord('a', json));
        await world.fixture.bus.publish(world.shop.items.topic, [records[0]!, records[2]!]);
        await world.lose('a');
        await world.project();
        await world.replay();
        const entry = { type: 'x', eventId: 'e', time: 't', changed: [], partition: 0, offset: 0 };
        await world.shop.history.append([{ id: 'a', version: 2, ...entry }]);

        expect(await world.refusal()).toMatchObject([{ id: 'a', kind: 'ahead', missing: { from: 2, to: 2 } }]);
      });
    });

    it('brings a restored database up to date with the log', async () => {
      await world.save('a', ['one', 'two']);
      await world.publishAll();
      const newest = await world.publishElsewhere('a', ['three', 'four']);

      await world.replay();

      expect(await findWithPending(world.shop.items, 'a')).toEqual({ ...newest, pending: [] });
      expect(await world.findings()).toEqual([]);
    });

    it('drops the remembered responses of an aggregate that was erased after the backup was made', async () => {
      const { items } = world.shop;
      const kept = { key: 'k', at: new Date().toISOString(), version: 1 };
      const commands = [{ ...kept, request: 'r', answer: created('a').state }];
      await items.save(undefined, created('a'));
      const before = (await items.find('a'))!;
      await items.save(before, { ...changed(before.state, 'two'), commands });
      await world.publishAll();
      const { state, hash } = (await items.find('a'))!;
      const { name: _, tags: _tags, ...rest } = changed(state, 'erased').state;
      const erasure: Change = { type: 'changed', state: { ...rest, erased: true }, forgets: true };
      const { entry } = composeChange(world.context.streams.items, { state, hash }, erasure);
      await world.fixture.bus.publish(items.topic, [toEventRecord('a', entry.json)]);

      await world.replay();

      const replayed = await world.shop.items.find('a');
      expect(replayed?.state).toEqual(erasure.state);
      expect(replayed?.commands).toEqual([kept]);
    });

    describe('of an aggregate with two histories', () => {
      async function fork(
        isPublished: boolean,
      ): Promise<{ log: StoredWithPending<Item>; own: StoredWithPending<Item> }> {
        await world.save('a', ['one', 'two']);
        await world.save('b', ['one']);
        await world.publishAll();
        await world.project();
        const log = await world.publishElsewhere('a', ['three there', 'four there']);
        const own = await world.save('a', isPublished ? ['three here', 'four here', 'five here'] : ['three here']);
        if (isPublished) await world.publishAll();
        return { log, own };
      }

      it.each([
        ['is not published', false],
        ['is published', true],
      ])('refuses until it is told which one to keep, when one %s', async (_, isPublished) => {
        const { own } = await fork(isPublished);

        for (const taking of [{}, { mayLose: true }]) {
          expect(await world.refusal(taking)).toMatchObject([
            { id: 'a', kind: 'fork', head: { version: own.state.version, hash: own.hash } },
          ]);
        }
        expect(await world.findings()).toContain('a fork');
      });

      it('restores what was published while it read the branches before it blocks writes', async () => {
        await fork(true);
        let restored: unknown;
        await world.replay(
          { keep: 'log' },
          {
            onReadAgain: async (handOver) => {
              await world.save('late', ['one']);
              await world.publishAll();
              await handOver();
            },
            onFence: async ({ systemsOfRecord: [items] }) => {
              restored = (await items?.store.find('late'))?.state;
            },
          },
        );
        expect(restored).toMatchObject({ id: 'late' });
      });

      it.each([
        ['log', false],
        ['log', true],
        ['database', false],
        ['database', true],
      ] as const)(
        "continues from the %s's branch if told to keep it (both published: %s)",
        async (keep, isPublished) => {
          const { log, own } = await fork(isPublished);
          const givenUp: GivenUp[] = [];

          await world.replay({ keep, onGivenUp: (each) => Promise.resolve(void givenUp.push(each)) });

          const [name, lost] = keep === 'log' ? [log.state.name, own.hash] : [own.state.name, log.hash];
          const ended = (await findWithPending(world.shop.items, 'a'))!;
          const isSaid = keep === 'database' || isPublished;
          const newest = Math.max(log.state.version, own.state.version);
          expect(ended.state).toMatchObject({ name, version: isSaid ? newest + 1 : log.state.version });
          expect(ended.pending.map(({ version }) => version)).toEqual(isSaid ? [newest + 1] : []);
          expect(givenUp).toMatchObject([{ id: 'a', keep, state: own.state }]);
          expect(givenUp[0]?.events.map(({ hash }) => hash)).toEqual(isPublished ? [] : [own.hash]);
          if (isSaid && isPublished) expect(resolvedBy(eventOf(ended.pending[0]!))).toEqual([lost]);
          await world.publishAll();
          await world.project();
          expect(await world.findings()).toEqual([]);
          await world.replay();
          expect((await world.shop.items.find('a'))?.state).toEqual(ended.state);

          // And it can be changed from there.
          await world.save('a', ['after']);
          await world.publishAll();
          await world.project();
          expect(await world.findings()).toEqual([]);
        },
      );
    });
  });
}
