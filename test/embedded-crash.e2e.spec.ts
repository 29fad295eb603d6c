import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { Load } from './support/load.js';
import { readEmbeddedLog, WITH_KEYS } from './support/read-log.js';
import { type RunningProcess, serve, temporaryDirectory } from './support/run-process.js';

const CRASHES = 4;

describe('a process on the embedded backends', () => {
  it('loses and reorders nothing that it acknowledged, however often it is killed', async () => {
    const DATA_DIR = temporaryDirectory();
    let running = await serve({ DATA_DIR }).ready();
    const load = new Load(targetsOf(running));
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await load.acknowledges(randomInt(50, 600));
      await running.kill('SIGKILL');
      running = await serve({ DATA_DIR }).serving();
      load.targets = targetsOf(running);
    }
    await load.acknowledges(100);
    await running.kill('SIGKILL');
    // Nothing follows that could heal what this last crash has done.
    await load.stop();
    running = await serve({ DATA_DIR }).serving();

    expectGoodAnswers(load);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectOrdersHears(load, running.url);
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGKILL');
    await expectLogTellsAll(load, await readEmbeddedLog(DATA_DIR, WITH_KEYS), join(DATA_DIR, 'master-keys'));
  }, 120_000);

  it('keeps its DATA_DIR to itself', async () => {
    const DATA_DIR = temporaryDirectory();
    const first = await serve({ DATA_DIR }).ready();

    const second = serve({ DATA_DIR });
    const { code } = await second.exited;
    expect(code).toBe(1);
    expect(second.stderr).toMatch(/^DATA_DIR: another process has .+\n$/);
    expect(second.stderr).toContain(DATA_DIR);

    await first.ready();
  });
});

function targetsOf({ url }: RunningProcess) {
  return { accounts: [url], orders: [url] };
}
