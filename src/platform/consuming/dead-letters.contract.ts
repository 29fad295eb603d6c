import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { type DeadLettersFixture, DeadLettersWorld, stated } from '../testing/dead-letters-world.js';
import { unavailable } from '../tools/errors.js';
import type { DeadLetter } from './dead-letters.js';
import { locationName, toDeadLetter, withoutContent } from './dead-letter.js';

/** What is true of dead letters on every bus, with every kind of copies. */
export function deadLettersContract(name: string, openFixture: () => Promise<DeadLettersFixture>): void {
  describe(`dead letters on ${name}`, () => {
    let world: DeadLettersWorld;
    let id: string;

    beforeEach(async () => {
      world = await DeadLettersWorld.open(openFixture);
      id = randomUUID();
    });

    afterEach(() => world.close());

    it('are none where nothing was given up', async () => {
      await world.publish(stated(id, 1, 'good'));
      await world.consume();

      expect(await world.list()).toEqual([]);
      expect(await world.countPending()).toBe(0);
      expect(await world.redrive()).toEqual([]);
    });

    it('are listed once each, even if a crash left two of a record', async () => {
      await world.publish(stated(id, 1, 'good'), stated(id, 2, 'future', 2), stated(id, 3, 'good, too'));
      await world.consume();
      await world.consume();

      expect(await world.numberOf('dead letters')).toBe(2);
      const [letter, ...others] = await world.list();
      expect(others).toEqual([]);
      expect(letter?.id).toMatch(new RegExp(`^${world.topic}/\\d/1$`));
      expect(letter?.pending).toHaveLength(2);
      expect(letter?.latest).toMatchObject({ reason: 'major version 2 is not known here', attempts: 1 });
      expect(letter?.latest.key).toEqual(Buffer.from(id));
    });

    it('can be redriven once the code reads them, and are no longer pending', async () => {
      await world.publish(stated(id, 1, 'good'), stated(id, 2, 'future', 2));
      await world.consume();
      await world.consume();
      world.understood.add(2);

      expect(await world.redrive()).toEqual([]);

      expect(await world.nameOf(id)).toBe('future');
      expect(await world.listPending()).toEqual([]);
      expect(await world.list()).toHaveLength(1);
      expect(await world.countPending()).toBe(0);
      expect(await world.numberOf('dead letters')).toBe(2);
    });

    it('do not bring back what is older than the copy', async () => {
      await world.publish(stated(id, 2, 'future', 2), stated(id, 3, 'newer'));
      await world.consume();
      world.understood.add(2);

      expect(await world.redrive()).toEqual([]);

      expect(await world.nameOf(id)).toBe('newer');
      expect(await world.listPending()).toEqual([]);
    });

    it('are given to the code as the records were, where they were, in order', async () => {
      const records = [2, 3, 4].map((version) => stated(id, version, `v${version}`, 2));
      await world.publish(stated(id, 1, 'good'), ...records);
      await world.consume();
      world.understood.add(2);

      await world.redrive();

      const partition = world.given[0]!.partition;
      const places = [1, 2, 3].map((offset) => ({ topic: world.topic, partition, offset }));
      expect(world.given).toEqual(records.map((record, index) => ({ ...record, ...places[index] })));
    });

    it('stay, with why, where they cannot be applied still, and keep no other from healing', async () => {
      const poison = { key: Buffer.from(id), value: Buffer.from([0xff, 0]), headers: {} };
      await world.publish(poison, stated(id, 2, 'future', 2), { ...poison, value: null });
      await world.consume();
      world.understood.add(2);

      const failed = await world.redrive();

      expect(failed.map(({ reason }) => reason)).toEqual(['not JSON', 'it has no value']);
      expect((await world.listPending()).map((each) => each.id)).toEqual(failed.map((each) => each.id));
      expect(await world.nameOf(id)).toBe('future');
      expect(await world.countPending()).toBe(2);
    });

    it('are redriven alone where one is chosen', async () => {
      const other = randomUUID();
      await world.publish(stated(id, 1, 'one', 2), stated(other, 1, 'other', 2));
      await world.consume();
      world.understood.add(2);

      const chosen = (await world.list()).filter(({ latest }) => latest.key?.equals(Buffer.from(id)));
      await world.redrive(chosen);

      expect([await world.nameOf(id), await world.nameOf(other)]).toEqual(['one', undefined]);
      expect(await world.countPending()).toBe(1);
    });

    it('may be redriven concurrently, and are still counted correctly', async () => {
      await world.publish(stated(id, 1, 'one', 2), stated(id, 2, 'two', 2));
      await world.consume();
      world.understood.add(2);
      const pending = await world.listPending();

      await Promise.all([world.redrive(pending), world.redrive(pending)]);
      expect(await world.numberOf('markers')).toBe(4);
      await world.publish(stated(id, 3, 'three', 3));
      await world.consume();

      expect(await world.nameOf(id)).toBe('two');
      expect(await world.listPending()).toHaveLength(1);
      expect(await world.countPending()).toBe(1);
    });

    it('stay pending when a dependency becomes unavailable or the redrive is aborted', async () => {
      await world.publish(stated(id, 1, 'future', 2));
      await world.consume();
      world.understood.add(2);

      world.failure = unavailable('the database is away');
      await expect(world.redrive()).rejects.toBe(world.failure);
      world.failure = undefined;
      await expect(world.redrive(undefined, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
      expect(await world.listPending()).toHaveLength(1);
      expect(await world.numberOf('markers')).toBe(0);

      expect(await world.redrive()).toEqual([]);
      expect(await world.nameOf(id)).toBe('future');
    });

    it('are created when our own code keeps failing, which health reports, and can be redriven after the fix', async () => {
      const other = randomUUID();
      world.bugs.add('a bug');
      await world.publish(stated(id, 1, 'before'), stated(id, 2, 'a bug'), stated(other, 1, 'other'));
      const member = await world.join();
      try {
        await eventually(() =>
          expect(member.health()).toEqual({
            up: false,
            detail: expect.stringMatching(
              /on the records from topic-\S+ on, and tries again: programming error: TypeError/,
            ),
          }),
        );
        await eventually(async () => expect(await world.listPending()).toHaveLength(1));
        await world.publish(stated(other, 2, 'afterwards'));
        await eventually(async () => {
          expect([await world.nameOf(id), await world.nameOf(other)]).toEqual(['before', 'afterwards']);
          expect(member.health()).toEqual({ up: true });
        });
      } finally {
        await member.stop();
      }
      const [{ latest }] = (await world.listPending()) as [DeadLetter];
      expect(latest.reason).toMatch(
        /^programming error: TypeError at src\/platform\/testing\/dead-letters-world\.ts:\d+$/,
      );
      expect(latest.stack?.length).toBeGreaterThan(1);

      expect(await world.redrive()).toEqual([{ id: expect.any(String), reason: latest.reason }]);
      world.bugs.clear();
      expect(await world.redrive()).toEqual([]);
      expect(await world.nameOf(id)).toBe('a bug');
      expect(await world.listPending()).toEqual([]);
    });

    it('whose value was omitted are read from their origin', async () => {
      await world.publish(stated(id, 1, 'good'), stated(id, 2, 'large', 2));
      await world.consume();
      const [whole] = await world.list();
      const record = { ...stated(id, 2, '', 2), ...whole!.latest.origin! };
      const letter = toDeadLetter({ record, reason: 'as large as that', attempts: 1 }, world.group);
      await world.bus.publish(world.deadLetters, [withoutContent(letter)]);
      world.understood.add(2);

      const [omitted] = await world.list();
      expect(omitted?.latest).toMatchObject({ isOmitted: true, bytes: record.value?.length });
      expect(await world.redrive()).toEqual([]);
      expect(await world.nameOf(id)).toBe('large');
      expect(await world.countPending()).toBe(0);
    });

    it('include foreign records of their topic, which cannot be redriven', async () => {
      await world.bus.publish(world.deadLetters, [stated(id, 1, 'a stray')]);

      const [stray] = await world.list();
      expect(stray).toMatchObject({ id: locationName(stray!.latest.location), pending: [stray!.latest.location] });
      expect(await world.redrive()).toEqual([{ id: stray?.id, reason: expect.stringContaining('not a dead letter') }]);
      expect(await world.nameOf(id)).toBeUndefined();
      expect(await world.countPending()).toBe(1);
    });

    it('wait again where the same record is given up again after it was redriven', async () => {
      await world.publish(stated(id, 1, 'future', 2));
      await world.consume();
      world.understood.add(2);
      await world.redrive();
      world.understood.delete(2);

      await world.consume();

      expect(await world.listPending()).toHaveLength(1);
      expect(await world.countPending()).toBe(1);
    });
  });
}
