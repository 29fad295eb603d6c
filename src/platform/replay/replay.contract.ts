import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changed, created } from '../../../test/support/items.js';
import { type Shop, shopCalled } from '../../../test/support/shop.js';
import type { Unpublished } from '../aggregate/aggregates.js';
import type { Bus } from '../bus/bus.js';
import type { Database } from '../context.js';
import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';
import { Fold } from './fold.js';
import { fill, type Replayed, takeOver, type TakingOver } from './replay.js';

/** A log and a database with nothing in them. */
export interface ReplayFixture {
  readonly bus: Bus;
  /** As a process that is started now sees it. */
  reopen(): Promise<Database>;
  dispose(): Promise<void>;
}

/** What is true of a replay on every log and every database. */
export function replayContract(name: string, openFixture: () => Promise<ReplayFixture>): void {
  describe(`a replay on ${name}`, () => {
    let fixture: ReplayFixture;
    let context: Shop;
    let database: Database;
    let shop: ReturnType<Shop['open']>;

    beforeEach(async () => {
      fixture = await openFixture();
      context = shopCalled(`shop-${randomUUID()}`);
      await reopen();
      await fixture.bus.createTopics(Object.values(context.streams).map(({ topic }) => topic));
    });

    afterEach(() => fixture.dispose());

    async function reopen(): Promise<void> {
      database = await fixture.reopen();
      shop = context.open(database);
    }

    /** As the relay does. */
    async function publishAll(): Promise<void> {
      for (const store of [shop.items, shop.parts]) {
        const waiting: Unpublished[] = [];
        for await (const unpublished of store.waiting()) waiting.push(unpublished);
        const records = waiting.flatMap(({ id, pending }) => pending.map(({ json }) => recordOf(id, json)));
        if (records.length > 0) await fixture.bus.publish(store.topic, records);
        await store.trim(new Map(waiting.map(({ id, pending }) => [id, pending.at(-1)!.version])));
      }
    }

    async function replay(taking: TakingOver = {}): Promise<Replayed> {
      const live = context.replay(database);
      const shadows = await database.beginRebuild(live.collections.map(({ collection }) => collection));
      const target = context.replay(shadows.database as Database);
      const fold = await Fold.start(fixture.bus, target, { signal: new AbortController().signal });
      try {
        await fill(target, fold);
        return await takeOver(live, target, fold, shadows, taking);
      } finally {
        await fold.stop();
        await shadows.discard();
        await reopen();
      }
    }

    it('takes along what waits and what is remembered of every kind of aggregate', async () => {
      const commands = [{ key: 'k', fingerprint: 'f', at: '2026-01-01T00:00:00.000Z', version: 1 }];
      const stores = () => [shop.items, shop.parts];
      for (const store of stores()) {
        await store.save(undefined, { ...created('published'), commands });
        await store.save(undefined, created('moved'));
      }
      await publishAll();
      for (const store of stores()) {
        const moved = (await store.find('moved'))!;
        await store.save(moved, { ...changed(moved.state, 'unpublished'), commands });
        await store.save(undefined, created('new'));
      }
      const all = () =>
        Promise.all(stores().flatMap((store) => ['published', 'moved', 'new'].map((id) => store.find(id))));
      const before = await all();
      expect(before).not.toContain(undefined);

      await replay();

      expect(await all()).toEqual(before);
    });
  });
}

function recordOf(id: string, json: string) {
  const headers = { 'content-type': CLOUD_EVENT_CONTENT_TYPE };
  return { key: Buffer.from(id), value: Buffer.from(json), headers };
}
