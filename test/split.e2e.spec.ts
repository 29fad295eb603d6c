import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import { enroll } from '../scripts/gateway/runtime.mjs';
import { Gateway, type Instance, type Services } from './support/gateway/gateway.js';
import { describeWithGateway } from './support/gateway/needed.js';
import { instanceOf } from './support/gateway/services.js';
import { StandIn } from './support/gateway/stand-in.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, WITH_KEYS } from './support/read-log.js';
import type { Ended } from './support/run-command.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const SCRIPT = fileURLToPath(new URL('../scripts/split.mjs', import.meta.url));
const DONE = { code: 0, stderr: '' };
const STOPPED = { code: 0, signal: null };

describeWithGateway('the split', () => {
  describeWithOwnServers('of a running system', 'split', (servers) => {
    it('and the way back lose no request and no event, and apply none twice', async () => {
      const settings = {
        KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
        MONGODB_URI: servers.mongodb,
        KAFKA_SESSION_TIMEOUT_MS: '6000',
      };
      const one = await serve(settings).ready();
      const gateway = await Gateway.start({ accounts: instanceOf(one), orders: instanceOf(one) });
      const load = new Load({ accounts: [gateway.url], orders: [gateway.url] }, 16, gateway.call);
      await load.acknowledges(300);

      const [accounts, orders] = await Promise.all([
        serve(settings, 'accounts').ready(),
        serve(settings, 'orders').ready(),
      ]);
      expect(await split(gateway, { accounts: instanceOf(accounts), orders: instanceOf(orders) })).toMatchObject(DONE);
      expect(await one.kill('SIGTERM')).toEqual(STOPPED);
      await load.acknowledges(300);
      expect(lastServers(gateway)).toEqual({ accounts: addressOf(accounts), orders: addressOf(orders) });

      const again = await serve(settings).ready();
      expect(await split(gateway, { accounts: instanceOf(again), orders: instanceOf(again) })).toMatchObject(DONE);
      await Promise.all([accounts, orders].map(async (each) => expect(await each.kill('SIGTERM')).toEqual(STOPPED)));
      await load.acknowledges(300);
      await load.stop();

      expectNothingFailed(load);
      await expectOutboxDrains(again.managementUrl);
      await expectOrdersHears(load, again.url);
      await expectAcknowledgedIsKept(load, { accounts: again.url, orders: again.url });
      await expectLogTellsAll(load, await readKafka(servers.kafka, WITH_KEYS), masterKeysFile());
      await expectVerified(settings);
    }, 120_000);

    it('needs no word to a gateway that has both instances, if the one that stops drains', async () => {
      const settings = { KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb };
      const [one, another] = await Promise.all([
        serve({ ...settings, DRAIN_MS: '3000' }).ready(),
        serve(settings).ready(),
      ]);
      const gateway = await Gateway.start({ accounts: instanceOf(one), orders: instanceOf(one) });
      for (const service of ['accounts', 'orders']) {
        await enroll(gateway.adminSocket, service, { host: '127.0.0.1', ...instanceOf(another) });
      }
      const load = new Load({ accounts: [gateway.url], orders: [gateway.url] }, 16, gateway.call);
      await load.acknowledges(200);
      expect(await one.kill('SIGTERM')).toEqual(STOPPED);
      await load.acknowledges(200);
      await load.stop();
      expectNothingFailed(load);
    }, 60_000);
  });
});

describeWithGateway('the script of the split', () => {
  it('names what is wrong, and leaves the gateway as it is', async () => {
    const standIn = await StandIn.start();
    const gateway = await Gateway.start({ accounts: standIn, orders: standIn });
    const nobody = { port: 1, healthPort: 1 };
    const cases = [
      [await split(gateway, { accounts: nobody, orders: nobody }), 1, /^--accounts: nothing answers at /],
      [await run('--gateway', '/nowhere', '--orders', '127.0.0.1:1:1'), 1, /^--orders: nothing answers at /],
      [
        await run('--gateway', gateway.adminSocket, '--orders', 'localhost:1'),
        2,
        /^--orders: "localhost:1" is not IP:PORT/,
      ],
      [await run('--gateway', gateway.adminSocket), 2, /^--accounts, --orders or both are required/],
      [await run('--orders', '127.0.0.1:1:1'), 2, /^--gateway: /],
      [await run('--order', 'x'), 2, /--order/],
    ] as const;
    for (const [ended, code, message] of cases)
      expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect((await gateway.call('GET', '/orders')).status).toBe(200);
  });
});

/** No request of the load failed; only waiting for what has not arrived from the other context may have been in vain. */
function expectNothingFailed(load: Load): void {
  expectGoodAnswers(load);
  expect(load.unanswered).toBe(0);
  expect([...load.refusals].filter((reason) => !reason.endsWith('has not arrived here yet'))).toEqual([]);
}

/** Moves the gateway to these instances and away from all others. */
function split(gateway: Gateway, { accounts, orders }: Services): Promise<Ended> {
  const at = ({ port, healthPort }: Instance) => `127.0.0.1:${port}:${healthPort}`;
  return run('--gateway', gateway.adminSocket, '--accounts', at(accounts), '--orders', at(orders));
}

async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [SCRIPT, ...args]);
  const ended = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (ended.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (ended.stderr += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...ended };
}

function addressOf({ url }: RunningProcess): string {
  return new URL(url).host;
}

/** Who answered the newest request of each service, as the gateway's log has it. */
function lastServers(gateway: Gateway): Record<string, unknown> {
  const lines = gateway.log().filter(({ msg }) => msg === 'answered');
  return Object.fromEntries(lines.map(({ service, server }) => [String(service), server]));
}
