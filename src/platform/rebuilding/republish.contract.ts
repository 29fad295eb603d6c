import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ShopFixture, ShopWorld } from '../testing/shop-world.js';
import type { AuditedDocument } from './auditable.js';

const NOTHING = { events: 0, standIns: 0, lost: 0, aggregates: 0, forks: [] };

/** The contract of republishing on every log and every database. */
export function republishContract(name: string, openFixture: () => Promise<ShopFixture>): void {
  describe(`republishing on ${name}`, () => {
    let world: ShopWorld;

    beforeEach(async () => {
      world = await ShopWorld.open(openFixture);
    });

    afterEach(() => world.close());

    const items = () => world.context.streams.items.topic;

    /** Items a and b, with a history. */
    async function fill(): Promise<void> {
      await world.save('a', ['one', 'two', 'three']);
      await world.save('b', ['one']);
      await world.publishAll();
      await world.project();
    }

    async function documents(): Promise<AuditedDocument[]> {
      const all: AuditedDocument[] = [];
      for (const collection of world.context.open(world.database).replayable.collections) {
        for await (const document of collection.documents()) all.push(document);
      }
      return all;
    }

    /** Ignores the position in the log: only the event must be the same. */
    async function texts(): Promise<string[]> {
      return (await world.records(items())).map(({ value }) => String(value)).sort();
    }

    function withoutPlace({ key, content: { partition: _, offset: _o, ...content } }: AuditedDocument) {
      return { key, content };
    }

    it('finds nothing to do when nothing is missing; pending events are not missing', async () => {
      await fill();
      await world.save('a', ['waiting']);
      await world.save('c', ['waiting']);
      const before = await texts();

      expect(await world.republish()).toEqual(NOTHING);
      expect(await texts()).toEqual(before);
    });

    it('republishes the original events when the history is complete', async () => {
      await fill();
      const [before, events] = [await documents(), await texts()];
      await world.fixture.loseTopics(world.topics);
      expect(await world.findings()).toEqual(expect.arrayContaining(['a ahead', 'b ahead']));

      expect(await world.republish(true)).toMatchObject({ events: 4, aggregates: 2 });
      expect(await world.republish()).toEqual({ events: 4, standIns: 0, lost: 0, aggregates: 2, forks: [] });

      expect(await texts()).toEqual(events);
      expect((await documents()).map(withoutPlace)).toEqual(before.map(withoutPlace));
      expect(await world.findings()).toEqual([]);
      expect(await world.republish()).toEqual(NOTHING);
      await world.replay();
      expect((await documents()).map(withoutPlace)).toEqual(before.map(withoutPlace));
    });

    it('appends the events that a restored log lacks', async () => {
      await fill();
      const records = await world.records(items());
      const events = await texts();
      await world.fixture.loseTopics(world.topics);
      await world.fixture.bus.createTopics(world.topics);
      await world.fixture.bus.publish(
        items(),
        records.filter((_, index) => index % 2 === 1),
      );

      expect(await world.republish()).toMatchObject({ events: 2, standIns: 0, lost: 0 });

      expect(await texts()).toEqual(events);
      expect(await world.findings()).toEqual([]);
    });

    it('continues after an interruption', async () => {
      await fill();
      const [records, events] = [await world.records(items()), await texts()];
      await world.fixture.loseTopics(world.topics);
      await world.republish();
      const again = (await world.records(items())).slice(0, 1);
      await world.fixture.loseTopics(world.topics);
      await world.fixture.bus.createTopics(world.topics);
      await world.fixture.bus.publish(items(), again);

      expect(await world.republish()).toMatchObject({ events: records.length - 1 });

      expect(await texts()).toEqual(events);
      expect(await world.findings()).toEqual([]);
    });

    it('publishes a stand-in event with the newest state when there is no history', async () => {
      await world.save('a', ['one', 'two'], world.shop.parts);
      await world.publishAll();
      await world.project();
      await world.fixture.loseTopics(world.topics);

      expect(await world.republish()).toMatchObject({ events: 0, standIns: 1, lost: 2, aggregates: 1 });

      const part = (await world.shop.parts.find('a'))!;
      expect(part).toMatchObject({ state: { version: 3, name: 'two' } });
      const [record, ...others] = await world.records(world.context.streams.parts.topic);
      expect(others).toEqual([]);
      expect(JSON.parse(String(record?.value))).toMatchObject({ sequence: '3', republished: 'true', hash: part.hash });
      expect(await world.findings()).toEqual([]);
      expect(await world.republish()).toEqual(NOTHING);
      await world.replay();
      expect((await world.shop.parts.find('a'))?.state).toEqual(part.state);
    });

    it('keeps the history entries of events that cannot be reconstructed, and so does a later replay', async () => {
      await fill();
      await world.shop.history.forget('a', 3);
      const before = await documents();
      await world.fixture.loseTopics(world.topics);

      expect(await world.republish()).toMatchObject({ events: 2, standIns: 0, lost: 2, aggregates: 2 });

      expect(await world.findings()).toEqual([]);
      await world.replay();
      expect((await documents()).map(withoutPlace)).toEqual(before.map(withoutPlace));
      expect(await world.findings()).toEqual([]);
    });

    it('skips an aggregate with two histories', async () => {
      await fill();
      await world.publishElsewhere('a', ['there']);
      const other = await world.records(items());
      await world.fixture.loseTopics(world.topics);
      await world.republish();
      await world.save('a', ['here', 'here again']);
      await world.publishAll();
      await world.project();
      await world.fixture.loseTopics(world.topics);
      await world.fixture.bus.createTopics(world.topics);
      await world.fixture.bus.publish(items(), other);

      expect(await world.republish()).toMatchObject({ events: 0, standIns: 0, forks: ['a'] });
    });
  });
}
