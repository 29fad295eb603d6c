import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changed, created, type Item } from '../testing/items.js';
import { toEventRecord } from '../event/event-record.js';
import { type ShopFixture, ShopWorld } from '../testing/shop-world.js';
import type { Change } from '../aggregate/aggregates.js';
import { composeChange, eventOf } from '../aggregate/pending-event.js';
import { resolvedBy } from '../event/extensions.js';
import type { GivenUp } from './forks.js';
import type { Replayable } from './replayable.js';
import { findWithPending, type StoredWithPending } from './stored-with-pending.js';

/** The contract of a replay on every log and every database. */
export function replayContract(name: string, openFixture: () => Promise<ShopFixture>): void {
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

    it.each([
      ['an older version', 1],
      ['none', undefined],
    ])('refuses to swap in collections that have %s of what the log has', async (_, version) => {
      await world.save('a', ['one', 'two']);
      await world.save('b', ['one']);
      await world.publishAll();
      const before = await world.shop.items.find('a');
      const spoil = async (_handOver: unknown, { systemsOfRecord: [items] }: Replayable) => {
        const { states } = items!;
        const [found] = await states.pick(['a']);
        const state = { ...(found!.content.state as Item), version };
        const older = { key: 'a', content: { ...found!.content, version, state } };
        await states.repair([{ key: 'a', seen: found, expected: version === undefined ? undefined : older }]);
      };

      await expect(world.replay({}, { onFilled: spoil })).rejects.toMatchObject({
        code: 'not-restored',
        message: expect.stringContaining('such as a,'),
      });
      expect(await world.shop.items.find('a')).toEqual(before);
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
