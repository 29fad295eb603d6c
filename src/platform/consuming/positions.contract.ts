import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Position } from '../log/position.js';
import type { Positions } from './positions.js';

export interface PositionsFixture {
  readonly positions: Positions;
  dispose(): Promise<void>;
}

/** What is true wherever positions are kept. */
export function positionsContract(name: string, openFixture: () => Promise<PositionsFixture>): void {
  describe(`${name}: positions of a consumer group`, () => {
    let fixture: PositionsFixture;
    let positions: Positions;
    let group: string;

    beforeAll(async () => {
      fixture = await openFixture();
      positions = fixture.positions;
    });
    afterAll(() => fixture.dispose());
    beforeEach(() => {
      group = `group-${randomUUID()}`;
    });

    const at = (next: number, partition = 0, topic = 'topic'): Position => ({
      topic,
      partition,
      next,
      last: `r${next}`,
    });
    const inOrder = (all: readonly Position[]) =>
      [...all].sort((a, b) => (`${a.topic}/${a.partition}` < `${b.topic}/${b.partition}` ? -1 : 1));

    it('are none at first, and then those that were stored, of this group alone', async () => {
      expect(await positions.of(group)).toEqual([]);
      const stored = [at(3), at(5, 1), at(7, 0, 'topic.of.another.name')];

      expect(
        await positions.advance(
          group,
          stored.map((position) => ({ position, from: undefined })),
        ),
      ).toBe(3);
      await positions.advance(`${group}-other`, [{ position: at(9), from: undefined }]);

      expect(inOrder(await positions.of(group))).toEqual(inOrder(stored));
    });

    it('advance from where they are, and not from where they no longer are', async () => {
      await positions.advance(group, [{ position: at(3), from: undefined }]);
      expect(await positions.advance(group, [{ position: at(4), from: 3 }])).toBe(1);

      expect(await positions.advance(group, [{ position: at(8), from: 3 }])).toBe(0);
      expect(await positions.advance(group, [{ position: at(9), from: undefined }])).toBe(0);

      expect(await positions.of(group)).toEqual([at(4)]);
    });

    it('do not come back where they were dropped behind the back of who advances them', async () => {
      expect(await positions.advance(group, [{ position: at(4), from: 3 }])).toBe(0);
      expect(await positions.of(group)).toEqual([]);
    });

    it('store those that can be advanced beside those that cannot', async () => {
      await positions.advance(group, [{ position: at(3), from: undefined }]);

      const advances = [
        { position: at(5), from: 1 },
        { position: at(6, 1), from: undefined },
      ];
      expect(await positions.advance(group, advances)).toBe(1);

      expect(inOrder(await positions.of(group))).toEqual([at(3), at(6, 1)]);
    });

    it('are forgotten by topic', async () => {
      const all = [at(3), at(4, 1), at(5, 0, 'topic2')];
      await positions.advance(
        group,
        all.map((position) => ({ position, from: undefined })),
      );

      await positions.forget(group, 'topic');

      expect(await positions.of(group)).toEqual([at(5, 0, 'topic2')]);
    });
  });
}
