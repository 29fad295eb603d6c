import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../src/platform/checkpoints/checkpoint.js';
import { decodeHeads, encodeHeads } from '../src/platform/checkpoints/heads.js';
import { EmbeddedCheckpoints } from '../src/platform/embedded/checkpoints.js';
import { Updates } from '../src/platform/embedded/updates.js';
import { MasterKeys, newMasterKey } from '../src/platform/privacy/master-keys.js';
import { historyOf, LogWorld } from './support/log-world.js';

const SINCE = { sinceCheckpoint: true };
/** Enough for all partitions. */
const CUSTOMERS = 12;

describe('a checkpoint', () => {
  let world: LogWorld;

  beforeEach(async () => {
    world = await LogWorld.open();
  });

  afterEach(() => world.close());

  const checkpoints = () => new EmbeddedCheckpoints(world.databases.accounts.level, new Updates());

  async function kept(): Promise<void> {
    await world.publish(Array.from({ length: CUSTOMERS }, () => ({ changes: 1, erased: false })));
    await world.project();
    expect(await world.verifyModule('accounts')).toMatchObject({ verdict: 'matches', kept: { aggregates: CUSTOMERS } });
  }

  async function expectUnusable(reason: string): Promise<void> {
    await expect(world.verifyModule('accounts', SINCE)).rejects.toMatchObject({
      code: 'no-checkpoint',
      message: expect.stringContaining(reason),
    });
    const whole = await world.verifyModule('accounts');
    if (whole.verdict === 'matches') expect((await world.verifyModule('accounts', SINCE)).records).toBe(0);
  }

  it('is needed to read on from it', async () => {
    await expectUnusable('there is none yet');
  });

  it('is not kept of what differs, and the one before stays', async () => {
    await kept();
    const before = await checkpoints().newest();
    const events = historyOf('11111111-1111-4111-8111-111111111111', 2, false);
    await world.publishAgain(events.toSpliced(1, 1));
    await world.project();
    expect(await world.verifyModule('accounts', SINCE)).toMatchObject({ verdict: 'differs' });
    expect(await world.verifyModule('accounts')).not.toHaveProperty('kept');
    expect(await checkpoints().newest()).toEqual(before);
  });

  it('is not needed for a verification: one that cannot be stored changes nothing', async () => {
    await world.publish([{ changes: 1, erased: false }]);
    await world.project();
    const { accounts } = world.databases;
    const addChunk = () => Promise.reject(new Error('not authorized'));
    Object.assign(accounts, { checkpoints: Object.assign(checkpoints(), { addChunk }) });

    const { verdict, kept: nothing } = await world.verifyModule('accounts');

    expect([verdict, nothing]).toEqual(['matches', undefined]);
  });

  it('is not kept without a master key', async () => {
    world.masterKeys = new MasterKeys([]);
    await world.publish([{ changes: 0, erased: false }]);
    await world.project();
    expect(await world.verifyModule('accounts')).not.toHaveProperty('kept');
    await expect(world.verifyModule('accounts', SINCE)).rejects.toThrow(
      'without a master key there are no checkpoints',
    );
  });

  describe('cannot be used', () => {
    beforeEach(kept);

    it('without the master key that has signed it', async () => {
      world.masterKeys = new MasterKeys([newMasterKey()]);
      await expectUnusable('it was altered, or the master key that has signed it is not there');
    });

    it('when its text was altered', async () => {
      const { id, text, signature } = (await checkpoints().newest())!;
      await checkpoints().keep({ id, text: text.replace('"next":', '"next":1'), signature });
      await expectUnusable('it was altered');
    });

    it('in another context', async () => {
      const { id, signature: _, ...rest } = (await checkpoints().newest())!;
      const text = rest.text.replace('"accounts"', '"orders"');
      await checkpoints().keep({ id, text, signature: world.masterKeys.sign(text) });
      await expectUnusable('it is of orders');
    });

    it('when it is of a later version', async () => {
      const { id, ...rest } = (await checkpoints().newest())!;
      const text = rest.text.replace('"format":1', '"format":2');
      await checkpoints().keep({ id, text, signature: world.masterKeys.sign(text) });
      await expectUnusable('it is of a later version');
    });

    it.each([
      ['altered', (chunk: Uint8Array) => encodeHeads('t', decodeHeads(chunk).slice(1))],
      ['no chunk', () => Buffer.from('no chunk')],
    ])('when its list of newest events is %s', async (_, change) => {
      const { id } = (await checkpoints().newest())!;
      for await (const chunk of checkpoints().chunks(id)) await checkpoints().addChunk(id, 0, change(chunk));
      await expectUnusable('a part of it was altered or is missing');
    });

    it('when a part of that list is missing', async () => {
      const before = (await checkpoints().newest())!;
      await checkpoints().keep({ ...before, id: 'another' });
      await expectUnusable('a part of it was altered or is missing');
    });

    it('when the log has other records than those that were read, or lacks them', async () => {
      const all = await world.records.iterator().all();
      const [place, record] = all.at(-1)!;
      await world.records.put(place, { ...record, value: Buffer.from('other').toString('base64') });
      await expectUnusable('does not have the records that were read then');

      await world.records.put(place, record);
      expect((await world.verifyModule('accounts', SINCE)).verdict).toBe('matches');
      await world.records.del(place);
      await expectUnusable('does not have the records that were read then');
    });

    it('when the context reads a topic that it did not read then', async () => {
      const { id, text } = (await checkpoints().newest())!;
      const { format: _, ...checkpoint } = JSON.parse(text) as Parameters<typeof textOf>[0] & { format: number };
      const fewer = textOf({ ...checkpoint, topics: checkpoint.topics.slice(1) });
      await checkpoints().keep({ id, text: fewer, signature: world.masterKeys.sign(fewer) });
      await expectUnusable(`${checkpoint.topics[0]} was not read then`);
    });
  });

  it('is still good after the master keys were rotated', async () => {
    const former = newMasterKey();
    world.masterKeys = new MasterKeys([former]);
    await kept();
    world.masterKeys = new MasterKeys([newMasterKey(), former]);
    expect((await world.verifyModule('accounts', SINCE)).verdict).toBe('matches');
  });
});
