import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BusRecord } from '../log/bus.js';
import { type DeadLettersFixture, DeadLettersWorld, stated } from '../testing/dead-letters-world.js';
import { findDeadLetter, groupDeadLetters } from './browse-dead-letters.js';
import { toDeadLetter, withoutContent } from './dead-letter.js';

/** What is true of lists of dead letters on every bus. */
export function browseDeadLettersContract(name: string, openFixture: () => Promise<DeadLettersFixture>): void {
  describe(`lists of dead letters on ${name}`, () => {
    let world: DeadLettersWorld;
    let id: string;

    beforeEach(async () => {
      world = await DeadLettersWorld.open(openFixture);
      id = randomUUID();
    });

    afterEach(() => world.close());

    const garbage = (): BusRecord => ({ key: Buffer.from(id), value: Buffer.from('garbage'), headers: { mine: 'x' } });
    /** Publishes and consumes these records. Returns the ids of the dead letters. */
    const consume = async (...records: BusRecord[]) => {
      await world.publish(...records);
      await world.consume();
      await world.reachEnd();
      return (await world.list()).map((letter) => letter.id);
    };

    it('are read a page at a time, each once and in order', async () => {
      const ids = await consume(...Array.from({ length: 7 }, (_, index) => stated(randomUUID(), 1, `${index}`, 2)));
      await world.discard({ id: ids[3]! });
      const pending = ids.filter((each) => each !== ids[3]);

      const [seen, sizes]: [string[], number[]] = [[], []];
      let after: string | undefined;
      do {
        const page = await world.page({ state: 'pending', limit: 4, after });
        expect(page.counts).toEqual({ pending: 6, redriven: 0, discarded: 1 });
        seen.push(...page.items.map((item) => item.id));
        sizes.push(page.items.length);
        after = page.next;
      } while (after !== undefined);

      expect([seen, sizes]).toEqual([pending, [4, 2]]);
      expect((await world.page({ state: 'discarded' })).items.map((item) => item.id)).toEqual([ids[3]]);
      expect((await world.page({ limit: 7 })).next).toBeUndefined();
      await expect(world.page({ after: 'nonsense' })).rejects.toMatchObject({ code: 'invalid-cursor' });
    });

    it('hold no value, and no bytes that a batch or a pool shares with others', async () => {
      await consume(stated(id, 1, 'x'.repeat(10_000), 2));

      const { items } = await world.page();

      expect(JSON.stringify(items)).not.toContain('xxx');
      expect(items[0]?.latest.key?.buffer.byteLength).toBe(id.length);
    });

    it('are grouped by reason and by type, with the first and the last time', async () => {
      await consume(garbage(), garbage(), stated(id, 1, 'future', 2), stated(id, 2, 'future', 3));
      const future = 'major version 3 is not known here';
      await world.discard({ reason: future });
      const letters = await world.list();
      const of = (...reasons: string[]) => {
        const some = letters.filter(({ latest }) => reasons.includes(latest.reason));
        const times = some.map(({ latest }) => latest.time).sort();
        return { count: some.length, firstTime: times[0], lastTime: times.at(-1) };
      };

      expect(await groupDeadLetters(world.bus, world, 'reason', 'pending')).toEqual([
        { name: 'not JSON', ...of('not JSON') },
        { name: 'major version 2 is not known here', ...of('major version 2 is not known here') },
      ]);
      expect(await groupDeadLetters(world.bus, world, 'type')).toEqual([
        { name: undefined, ...of('not JSON') },
        { name: 'test.copy.stated', ...of('major version 2 is not known here', future) },
      ]);
    });

    it('find one with its headers and its value as stored', async () => {
      const record = garbage();
      const [poison] = await consume(record);

      const found = await findDeadLetter(world.bus, world, poison!);

      expect(found).toMatchObject({ deadLetter: { id: poison, latest: { bytes: 7 } }, original: record });
      expect(await findDeadLetter(world.bus, world, `${world.topic}/0/99`)).toBeUndefined();
    });

    describe('mark as healed', () => {
      it('a record before an applied event of its aggregate that has the same or a newer version', async () => {
        const other = randomUUID();
        const ids = await consume(
          ...[stated(id, 1, 'one'), stated(id, 2, 'two', 2), garbage(), stated(id, 3, 'three')],
          ...[stated(other, 1, 'one', 2), stated(other, 1, 'one')],
        );

        expect(await world.listHealed()).toEqual(ids);
        expect(ids).toHaveLength(3);
        expect(await world.nameOf(id)).toBe('three');
        expect(await world.countPending()).toBe(3);
      });

      it('no record after the newest event, and none with a newer version', async () => {
        const other = randomUUID();
        await consume(stated(id, 5, 'good'), stated(id, 6, 'future', 2), garbage());
        await consume(stated(other, 9, 'future', 2), stated(other, 8, 'good'));

        expect(await world.listHealed()).toEqual([]);
      });

      it('none before an event of another aggregate, even with the same key', async () => {
        const foreign = { ...stated(randomUUID(), 9, 'foreign'), key: Buffer.from(id) };
        await consume(stated(id, 1, 'future', 2), garbage(), foreign, stated(randomUUID(), 9, 'other'));

        expect(await world.listHealed()).toEqual([]);
      });

      it('none before an event that is a dead letter itself, until it is redriven', async () => {
        const [first] = await consume(stated(id, 1, 'future', 2), stated(id, 2, 'future', 3));
        world.understood.add(3);
        expect(await world.listHealed()).toEqual([]);
        const reason = 'major version 3 is not known here';

        await world.discard({ reason });
        expect(await world.listHealed()).toEqual([]);
        const [, second] = await world.list();
        await world.redriveSelected({ id: second!.id });

        expect(await world.listHealed()).toEqual([first]);
      });

      it('none before an event that the group has not consumed', async () => {
        await consume(stated(id, 1, 'future', 2));
        await world.publish(stated(id, 2, 'not yet consumed'));

        expect(await world.listHealed()).toEqual([]);
        world.positions = [];
        expect(await world.listHealed()).toEqual([]);
      });

      it('none if the log is not the one that the group has consumed', async () => {
        await consume(stated(id, 1, 'future', 2), stated(id, 2, 'good'));
        world.positions = world.positions.map((position) => ({ ...position, last: '0'.repeat(32) }));

        expect(await world.listHealed()).toEqual([]);
      });

      it('none whose event has effects of its own, and none of an unknown type that may have', async () => {
        await consume(stated(id, 1, 'future', 2), garbage(), stated(id, 2, 'good'));

        world.isReplaceable = (type) => type === 'test.copy.stated';
        expect(await world.listHealed()).toHaveLength(1);
        world.isReplaceable = () => false;
        expect(await world.listHealed()).toEqual([]);
      });

      it('none whose value was omitted: nobody knows which version it states', async () => {
        await consume(stated(id, 9, 'large', 2), stated(id, 2, 'good'));
        const [whole] = await world.list();
        const record = { ...stated(id, 9, '', 2), ...whole!.latest.origin! };
        const letter = toDeadLetter({ record, reason: 'as large as that', attempts: 1 }, world.group);
        await world.bus.publish(world.deadLetters, [withoutContent(letter)]);

        expect(await world.listHealed()).toEqual([]);
      });

      it('none that is redriven or discarded', async () => {
        const ids = await consume(stated(id, 1, 'future', 2), garbage(), stated(id, 2, 'good'));
        expect(await world.listHealed()).toEqual(ids);
        world.understood.add(2);

        await world.redriveSelected({ id: ids[0]! });
        await world.discard({ all: true });

        expect(await world.listHealed()).toEqual([]);
      });
    });
  });
}
