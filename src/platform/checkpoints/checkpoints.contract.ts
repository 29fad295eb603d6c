import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Checkpoints, SignedCheckpoint } from './checkpoint.js';

export interface CheckpointsFixture {
  readonly checkpoints: Checkpoints;
  dispose(): Promise<void>;
}

/** What is true wherever checkpoints are kept. */
export function checkpointsContract(name: string, openFixture: () => Promise<CheckpointsFixture>): void {
  describe(`${name}: the newest checkpoint`, () => {
    let fixture: CheckpointsFixture;
    let checkpoints: Checkpoints;

    beforeAll(async () => {
      fixture = await openFixture();
      checkpoints = fixture.checkpoints;
    });
    afterAll(() => fixture.dispose());

    const signed = (): SignedCheckpoint => {
      const id = randomUUID();
      return { id, text: `{"of":"${id}"}`, signature: { master: 'm', mac: 'x' } };
    };
    const chunksOf = async (id: string) => {
      const found: string[] = [];
      for await (const chunk of checkpoints.chunks(id)) found.push(Buffer.from(chunk).toString('latin1'));
      return found;
    };
    const bytes = Buffer.from([0, 255, 128, 10]);

    it('is none at first, and then the one that was kept last, with its chunks in order and no others', async () => {
      expect(await checkpoints.newest()).toBeUndefined();

      const [first, never, second] = [signed(), signed(), signed()];
      for (const { id } of [first, never]) {
        await checkpoints.addChunk(id, 0, bytes);
        await checkpoints.addChunk(id, 10, Buffer.from('third'));
        await checkpoints.addChunk(id, 9, Buffer.from('second'));
      }
      expect(await checkpoints.newest()).toBeUndefined();
      await checkpoints.keep(first);
      expect(await checkpoints.newest()).toEqual(first);
      expect(await chunksOf(first.id)).toEqual([bytes.toString('latin1'), 'second', 'third']);
      expect(await chunksOf(never.id)).toEqual([]);

      await checkpoints.addChunk(second.id, 0, Buffer.from('other'));
      expect(await checkpoints.newest()).toEqual(first);
      await checkpoints.keep(second);
      await checkpoints.keep(second);
      expect(await checkpoints.newest()).toEqual(second);
      expect(await chunksOf(second.id)).toEqual(['other']);
      expect(await chunksOf(first.id)).toEqual([]);
    });
  });
}
