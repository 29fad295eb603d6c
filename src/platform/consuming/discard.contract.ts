import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeadLettersFixture, DeadLettersWorld, stated } from '../testing/dead-letters-world.js';
import type { DeadLetter } from './dead-letters.js';

/** What is true of discarded dead letters on every bus. */
export function discardContract(name: string, openFixture: () => Promise<DeadLettersFixture>): void {
  describe(`discarded dead letters on ${name}`, () => {
    let world: DeadLettersWorld;
    let id: string;

    beforeEach(async () => {
      world = await DeadLettersWorld.open(openFixture);
      id = randomUUID();
    });

    afterEach(() => world.close());

    /** Publishes these versions, of which none can be read, and consumes them. */
    const giveUp = async (...versions: number[]) => {
      await world.publish(...versions.map((version) => stated(id, version, `v${version}`, 2)));
      await world.consume();
      return world.list();
    };
    const states = async () => (await world.list()).map(({ state }) => state);

    it('are not pending, say why and by whom, and are neither deleted nor applied', async () => {
      const [letter] = await giveUp(1, 2);

      const outcomes = await world.discard({ id: letter!.id }, { reason: 'a test of ours', actor: 'user-1' });

      expect(outcomes).toEqual([{ id: letter!.id, outcome: 'discarded' }]);
      const [discarded, other] = (await world.list()) as [DeadLetter, DeadLetter];
      expect(discarded).toMatchObject({ state: 'discarded', pending: [], latest: letter!.latest });
      expect(discarded.discarded).toMatchObject({ reason: 'a test of ours', actor: 'user-1' });
      expect(Date.parse(discarded.discarded!.time)).toBeGreaterThanOrEqual(Date.parse(letter!.latest.time));
      expect(other.state).toBe('pending');
      expect(await world.countPending()).toBe(1);
      expect(await world.numberOf('dead letters')).toBe(2);
      expect(await world.nameOf(id)).toBeUndefined();
    });

    it('are selected by id, by key, by reason, or all, of the pending ones', async () => {
      const other = randomUUID();
      await world.publish(...[2, 3].map((major) => stated(other, 1, 'other', major)));
      await giveUp(1, 2);
      const reason = 'major version 3 is not known here';

      expect(await world.discard({ reason })).toHaveLength(1);
      expect(await world.discard({ key: Buffer.from(other) })).toHaveLength(1);
      expect(await world.discard({ all: true })).toHaveLength(2);

      expect(await states()).toEqual(Array(4).fill('discarded'));
      expect(await world.discard({ all: true })).toEqual([]);
      expect(await world.discard({ id: `${world.topic}/0/99` })).toEqual([]);
      expect(await world.countPending()).toBe(0);
    });

    it('stay as they are when they are discarded again', async () => {
      const [letter] = await giveUp(1);
      await world.discard({ id: letter!.id }, { reason: 'first' });

      const again = await world.discard({ id: letter!.id }, { reason: 'second' });

      expect(again).toEqual([{ id: letter!.id, outcome: 'unchanged', state: 'discarded' }]);
      expect((await world.list())[0]?.discarded?.reason).toBe('first');
      expect(await world.numberOf('markers')).toBe(1);
    });

    it('are skipped by a redrive of all, and redriven by their id', async () => {
      const [letter] = await giveUp(1);
      await world.discard({ all: true });
      world.understood.add(2);

      expect(await world.redriveSelected({ all: true })).toEqual([]);
      expect(await world.nameOf(id)).toBeUndefined();
      expect(await world.redriveSelected({ id: letter!.id })).toEqual([{ id: letter!.id, outcome: 'redriven' }]);

      expect(await world.nameOf(id)).toBe('v1');
      expect(await states()).toEqual(['redriven']);
      expect(await world.redriveSelected({ id: letter!.id })).toMatchObject([{ outcome: 'unchanged' }]);
      expect(await world.discard({ id: letter!.id })).toMatchObject([{ outcome: 'unchanged', state: 'redriven' }]);
      expect(await world.countPending()).toBe(0);
    });

    it('stay discarded if a redrive by id fails', async () => {
      const [letter] = await giveUp(1);
      await world.discard({ all: true });

      expect(await world.redriveSelected({ id: letter!.id })).toMatchObject([{ outcome: 'failed' }]);
      expect(await states()).toEqual(['discarded']);
    });

    it('are redriven if both were done at the same time', async () => {
      const letters = await giveUp(1, 2, 3);
      world.understood.add(2);

      await Promise.all([world.redrive(letters), world.discard({ all: true }), world.discard({ all: true })]);

      expect(await states()).toEqual(['redriven', 'redriven', 'redriven']);
      expect(await world.countPending()).toBe(0);
    });

    it('are pending again when the record is dead-lettered again', async () => {
      await giveUp(1);
      await world.discard({ all: true });
      const [again] = await giveUp();

      expect(again).toMatchObject({ state: 'pending', pending: [again!.latest.location] });
      expect(await world.countPending()).toBe(1);
      world.understood.add(2);
      expect(await world.redrive()).toEqual([]);
      expect(await states()).toEqual(['redriven']);
      expect(await world.countPending()).toBe(0);
    });

    it('may be foreign records of the topic, which nobody can redrive', async () => {
      await world.bus.publish(world.deadLetters, [stated(id, 1, 'a stray')]);

      expect(await world.discard({ all: true })).toHaveLength(1);
      expect(await states()).toEqual(['discarded']);
      expect(await world.countPending()).toBe(0);
    });

    it('refuse a reason that must not be kept, and stay pending', async () => {
      await giveUp(1);
      const reasons = ['', ' ', 'x'.repeat(501), 'two\nlines', 'a\u001b[2J', 'card 4111 1111 1111 1111'];
      for (const reason of reasons)
        await expect(world.discard({ all: true }, { reason })).rejects.toMatchObject({
          code: 'discard-reason-invalid',
        });

      expect(await states()).toEqual(['pending']);
      expect(await world.discard({ all: true }, { reason: 'x'.repeat(500) })).toHaveLength(1);
    });
  });
}
