import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { get, post } from './support/http.js';
import { Load } from './support/load.js';
import { describeUnlessMissing } from '../src/platform/testing/own-servers-needed.js';
import { readEmbeddedLog, WITH_KEYS } from './support/read-log.js';
import { customerInput } from './support/requests.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from './support/small-disk.js';

const FULL = 2;

describeUnlessMissing(whyNoSmallDisk(), 'no disk to fill', 'a process whose embedded database has no room left', () => {
  let disk: SmallDisk;
  let running: RunningProcess | undefined;

  beforeEach(() => {
    const mounted = mountSmallDisk();
    if (typeof mounted === 'string') throw new Error(mounted);
    disk = mounted;
  });

  afterEach(async () => {
    await running?.kill('SIGKILL');
    disk.unmount();
  });

  it('does not start, and says which folder has no room', async () => {
    disk.fill();
    const { code, stderr } = await runCommand({ DATA_DIR: disk.path }, 'serve');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(NO_ROOM) });
  });

  it('refuses, goes on by itself once there is some, and keeps what it acknowledged through a crash', async () => {
    const DATA_DIR = disk.path;
    running = await serve({ DATA_DIR }).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(60);
    const { managementUrl, url } = running;

    for (let time = 0; time < FULL; time += 1) {
      disk.fill();
      await load.isRefused(30);
      const refusal = await eventually(async () => {
        const answer = await post(`${url}/accounts/customers`, customerInput('Refused'));
        expect(answer.status).toBe(503);
        return answer;
      });
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
      await eventually(async () => {
        const { status, body } = await get(`${managementUrl}/health/ready`);
        expect({ status, body }).toMatchObject({ status: 503, body: { status: 'not-ready' } });
        expect(body.dependencies['embedded:accounts']).toEqual({
          up: false,
          detail: expect.stringMatching(
            /^DATA_DIR: .*accounts is being reopened after a failed write: .*No space left/,
          ),
        });
      });
      disk.free();
      await load.acknowledges(60);
      await running.ready();
    }
    await load.acknowledges(60);
    await running.kill('SIGKILL');
    await load.stop();
    running = await serve({ DATA_DIR }).serving();

    expectGoodAnswers(load);
    expect(running.logged(DAMAGED)).toEqual([]);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectOrdersHears(load, running.url);
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGKILL');
    await expectLogTellsAll(load, await readEmbeddedLog(DATA_DIR, WITH_KEYS), join(DATA_DIR, 'master-keys'));
  }, 120_000);
});

const NO_ROOM = /^DATA_DIR: .*\/accounts-orders-disk-\w+\/accounts cannot be opened: no space left on device\n$/;
const DAMAGED = 'LevelDB dropped damaged data of the embedded database';
