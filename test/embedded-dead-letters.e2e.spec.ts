import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Bus } from '../src/platform/log/bus.js';
import { toDeadLetter } from '../src/platform/consuming/dead-letter.js';
import { EmbeddedBus } from '../src/platform/embedded/bus.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { dlt } from './support/dlt.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get } from './support/http.js';
import { eventRecord, poisonRecord, poisons, registrationOf } from './support/poison.js';
import { serve, temporaryDirectory } from './support/run-process.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

const CUSTOMERS = 'accounts.customer.change';

describe('dead letters on the embedded log', () => {
  it('are listed, shown, redriven and discarded while the service is stopped', async () => {
    const DATA_DIR = temporaryDirectory();
    const run = (...args: string[]) => dlt({ DATA_DIR }, 'orders', ...args);
    const [id, poisoned] = [randomUUID(), randomUUID()];
    const all = poisons(CUSTOMERS, poisoned).filter(({ isReadable }) => !isReadable);
    await onLog(DATA_DIR, async (bus) => {
      await bus.publish(CUSTOMERS, [
        eventRecord(registrationOf(poisoned, 1)),
        ...all.map((poison) => poisonRecord(poisoned, poison)),
        eventRecord(registrationOf(poisoned, 2)),
      ]);
      const record = { ...eventRecord(registrationOf(id)), topic: CUSTOMERS, partition: 0, offset: 1_000_000 };
      const letter = toDeadLetter({ record, reason: 'it was not understood', attempts: 1 }, 'orders');
      await bus.publish(`${CUSTOMERS}.orders.dlt`, [letter]);
    });

    const first = await serve({ DATA_DIR }).ready();
    await eventually(async () => {
      const { body } = await get(`${first.url}/orders/customers/${poisoned}`);
      expect(body.customerVersion).toBe(2);
      const { body: readiness } = await get(`${first.managementUrl}/health/ready`);
      expect(readiness.deadLetters[`${CUSTOMERS}.orders.dlt`]).toEqual({ waiting: 1 + all.length });
    });
    expect(await run('list')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^DATA_DIR: another/),
    });
    await first.kill('SIGTERM');

    const listed = await run('list', '--json');
    expect(listed.code).toBe(0);
    const letters = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; reason: string });
    expect(letters.map(({ reason }) => reason)).toContain('it was not understood');
    expect((await run('show', `${CUSTOMERS}/0/1000000`)).stdout).toContain(`"subject": "${id}"`);
    expect(await run('redrive', '--all')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`^1 redriven, ${letters.length - 1} still failing`)),
    });
    expect((await run('list')).stdout).not.toContain(id);

    expect(await run('discard', '--failed-with', 'not JSON', '--reason', 'garbage of a test')).toMatchObject({
      code: 0,
    });
    const states = (await run('list', '--json', '--all')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { state: string; reason: string; discarded?: { reason: string } });
    expect(states.filter(({ state }) => state === 'redriven')).toHaveLength(1);
    const discarded = states.filter(({ state }) => state === 'discarded');
    expect(discarded.map(({ reason }) => reason)).toEqual(discarded.map(() => 'not JSON'));
    expect(discarded[0]?.discarded).toMatchObject({ reason: 'garbage of a test' });
    const remaining = letters.length - 1 - discarded.length;
    expect(await run('redrive', '--all')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`^0 redriven, ${remaining} still failing`)),
    });

    const second = await serve({ DATA_DIR }).ready();
    expect((await get(`${second.url}/orders/customers/${id}`)).body.customerVersion).toBe(1);
    const { body: readiness } = await get(`${second.managementUrl}/health/ready`);
    expect(readiness.deadLetters[`${CUSTOMERS}.orders.dlt`]).toEqual({ waiting: remaining });
    await second.kill('SIGTERM');

    expect(await run('discard', '--all', '--reason', 'nobody needs them')).toMatchObject({
      code: 0,
      stdout: `${remaining} discarded.\n`,
    });
    expect(await run('list')).toMatchObject({
      code: 0,
      stdout: `No pending dead letters; --all lists 1 redriven, ${letters.length - 1} discarded.\n`,
    });
  }, 120_000);
});

async function onLog(directory: string, work: (bus: Bus) => Promise<void>): Promise<void> {
  const bus = new EmbeddedBus(await openEmbeddedDatabase(join(directory, 'log')), silentLogger);
  await work(bus).finally(() => bus.close());
}
