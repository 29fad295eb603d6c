import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { Load } from './support/load.js';
import { RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const KILLS = 4;
/** A swap is over in less. */
const MAX_DELAY_MS = 60;

const serveAndReplay = (DATA_DIR: string) =>
  new RunningProcess([], { DATA_DIR }, undefined, 'test/support/serve-and-replay.mjs');

describe('a process that replays its embedded databases while it serves them', () => {
  it('loses nothing that it acknowledged when it is killed, before, during or after the swap', async () => {
    const DATA_DIR = temporaryDirectory();
    const first = await serve({ DATA_DIR }).ready();
    const load = new Load({ accounts: [first.url], orders: [first.url] }, 6);
    await load.acknowledges(100);
    await first.kill('SIGKILL');

    for (let kill = 0; kill < KILLS; kill += 1) {
      const dying = await serveAndReplay(DATA_DIR).ready();
      load.targets = { accounts: [dying.url], orders: [dying.url] };
      await load.acknowledges(30);
      const swaps = dying.logged('taking over').length;
      await eventually(() => expect(dying.logged('taking over').length).toBeGreaterThan(swaps), { within: 30_000 });
      await sleep(randomInt(MAX_DELAY_MS));
      await dying.kill('SIGKILL');
      expect(dying.stdout).not.toContain('as after a restore');
    }
    await load.stop();

    const last = await serve({ DATA_DIR }).ready();
    expectGoodAnswers(load);
    await expectAcknowledgedIsKept(load, { accounts: last.url, orders: last.url });
    await expectOrdersHears(load, last.url);
    await expectOutboxDrains(last.managementUrl);
    expect(last.stdout).not.toContain('as after a restore');
    await last.kill('SIGKILL');
    await expectVerified({ DATA_DIR });
  }, 240_000);
});
