import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toDeadLetter } from '../src/platform/consuming/dead-letter.js';
import { EmbeddedBus } from '../src/platform/embedded/bus.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { hashOf } from '../src/platform/event/hash-chain.js';
import type { BusRecord } from '../src/platform/log/bus.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { ConsolePage, describeInBrowser } from './support/console-page.js';
import { call, get, post } from './support/http.js';
import { LogAccess } from './support/log-access.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { eventRecord, registrationOf } from './support/poison.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve } from './support/run-process.js';

const CUSTOMERS = 'accounts.customer.change';
/** Customers that only the log has: enough for a replay that somebody can abort. */
const IN_THE_LOG = 20_000;
const VIEWS = [
  ...['Flow', 'Timeline', 'Dead letters', 'Events', 'Replay and verify', 'Erasures'],
  ...['Consumers', 'Contracts', 'Settings and health', 'Audit list'],
];

/** With its hash, without which it would be no evidence that the database lacks something. */
function registration(): BusRecord {
  const event = registrationOf(randomUUID());
  return eventRecord({ ...event, hash: hashOf(event) });
}

/** A log that is ahead of the databases, with a dead letter that can be applied by now. */
async function fill(publish: (topic: string, records: readonly BusRecord[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < IN_THE_LOG; from += 1_000) {
    await publish(
      CUSTOMERS,
      Array.from({ length: 1_000 }, () => registration()),
    );
  }
  const record = { ...registration(), topic: CUSTOMERS, partition: 0, offset: 1_000_000 };
  await publish(`${CUSTOMERS}.orders.dlt`, [
    toDeadLetter({ record, reason: 'it was not understood', attempts: 1 }, 'orders'),
  ]);
}

/** What an operator does, on a system that {@link fill} has made. */
function operate(name: string, start: () => Promise<RunningProcess>): void {
  let running: RunningProcess;
  let opened: ConsolePage;

  beforeAll(async () => {
    running = await start();
    opened = await ConsolePage.open(running.managementUrl);
  }, 240_000);

  afterAll(async () => {
    await opened.close();
    await running.kill('SIGTERM');
  });

  it('shows in red what stands still, and lets an operator abort a replay that mends it, and start it again', async () => {
    const { page } = opened;
    await page.getByRole('alert').filter({ hasText: 'log:accounts' }).waitFor();
    await opened.picture(`${name}-behind`);

    await opened.view('Replay and verify');
    const start = async () => {
      await page.getByRole('button', { name: 'Replay', exact: true }).first().click();
      await page.getByRole('button', { name: 'Replay accounts now' }).click();
    };
    await start();
    await page.getByRole('button', { name: 'Abort' }).click();
    await page.getByRole('status').filter({ hasText: 'aborted; nothing was changed' }).waitFor();

    await start();
    await page.getByRole('progressbar').waitFor();
    await page.getByRole('status').filter({ hasText: 'swapped in' }).waitFor({ timeout: 120_000 });
    await opened.picture(`${name}-replayed`);

    await opened.view('Flow');
    await page.getByText('Everything flows.').waitFor();
    expect((await get(`${running.managementUrl}/health/ready`)).body.status).toBe('ready');
  }, 240_000);

  it('shows a command that was made over HTTP, and the timeline of the customer', async () => {
    const { page } = opened;
    const { body: customer } = await post(`${running.url}/accounts/customers`, customerInput('Lovelace'));
    await page.getByRole('row', { name: `${CUSTOMERS} ${(IN_THE_LOG + 1).toLocaleString('en')}` }).waitFor();
    await post(
      `${running.url}/orders`,
      { ...orderInput(customer.id as string), minCustomerVersion: 1 },
      { prefer: 'wait=10' },
    );

    await opened.view('Timeline');
    await page.getByLabel('Id', { exact: true }).fill(customer.id as string);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('The copy in orders (customers) is at 1.').waitFor();
    const changed = { contact: { email: 'countess@example.com' } };
    await call('PATCH', `${running.url}/accounts/customers/${customer.id}`, { body: changed });

    await page.getByText('is at version 2').waitFor();
    await page.getByText('The hash fits the content and the version before.').waitFor();
    const differences = page.getByRole('region', { name: 'Differences from 1 to 2' });
    await differences.getByRole('row', { name: '/contact/email' }).getByText('countess@example.com').waitFor();
    await opened.picture(`${name}-timeline`);
  }, 120_000);

  it('shows a dead letter with its reason, redrives it, and writes that to the audit list', async () => {
    const { page } = opened;
    await opened.view('Dead letters');
    const reason = page.getByRole('row', { name: /^it was not understood/ });
    await reason.getByRole('link').click();
    await page
      .getByRole('row', { name: `${CUSTOMERS}/0/1000000` })
      .getByRole('button', { name: 'Show' })
      .click();
    await page.getByLabel('Value as it is stored').getByText('accounts.customer.registered').waitFor();
    await opened.picture(`${name}-dead-letters`);

    await reason.getByRole('button', { name: 'Redrive' }).click();
    await page.getByRole('button', { name: 'Redrive now' }).click();
    await page.getByRole('status').filter({ hasText: '1 redriven' }).waitFor();
    await opened.view('Audit list');
    await page.getByRole('row', { name: /redrive.*it was not understood.*1 redriven/ }).waitFor();
  }, 120_000);

  it('offers the attestation of an erasure as a file', async () => {
    const { page } = opened;
    const { body: customer } = await post(`${running.url}/accounts/customers`, customerInput('Hopper'));
    const { id } = customer as { id: string };
    await call('DELETE', `${running.url}/accounts/customers/${id}`);
    await eventually(async () => {
      const { body } = await get(`${running.url}/accounts/customers/${id}/erasure`);
      expect(body.awaited).toEqual([]);
    });
    await opened.view('Erasures');
    const row = page.getByRole('row', { name: id });
    await row.getByText('confirmed by all').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('button').click()]);
    const attestation = JSON.parse(readFileSync(await download.path(), 'utf8')) as object;
    expect(download.suggestedFilename()).toBe(`attestation-${id}.json`);
    expect(attestation).toMatchObject({ id, confirmations: [{ context: 'orders' }] });
    expect(JSON.stringify(attestation)).not.toContain('Hopper');
  }, 120_000);

  it.each(VIEWS)(
    'has no serious fault for people who do not see or click, in the view %s',
    async (title) => {
      await opened.view(title);
      for (const [width, colorScheme] of [
        [1280, 'light'],
        [400, 'dark'],
      ] as const) {
        await opened.page.setViewportSize({ width, height: 900 });
        await opened.page.emulateMedia({ colorScheme });
        expect(await opened.faults()).toEqual([]);
        await opened.picture(`${name}-${title.toLowerCase().replaceAll(' ', '-')}-${width}`);
      }
      await opened.page.setViewportSize({ width: 1280, height: 900 });
    },
    60_000,
  );

  it('can be used with the keyboard alone', async () => {
    const { page } = opened;
    await opened.view('Flow');
    await page.keyboard.press('Tab');
    for (let tabs = 0; tabs < 20; tabs += 1) {
      const text = await page.evaluate('document.activeElement.textContent');
      if (text === 'Audit list') break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Audit list' }).waitFor();
  });

  it('has complained of nothing, asked nobody else, and applied nothing again', () => {
    expect(opened.complaints).toEqual([]);
    // Nor has the replay been taken for a restore of the database.
    expect(running.output).not.toContain('as after a restore');
  });
}

describeInBrowser('the console in a browser, on the embedded adapters', () => {
  let DATA_DIR: string;

  operate('embedded', async () => {
    DATA_DIR = mkdtempSync(join(tmpdir(), 'accounts-orders-'));
    const bus = new EmbeddedBus(await openEmbeddedDatabase(join(DATA_DIR, 'log')), silentLogger);
    await fill((topic, records) => bus.publish(topic, records));
    await bus.close();
    return serve({ DATA_DIR }).lasts().serving();
  });

  afterAll(() => rmSync(DATA_DIR, { recursive: true, force: true }));
});

describeInBrowser('in a browser', () => {
  describeWithOwnServers('the console on Kafka and MongoDB', 'e2e-console', (servers) => {
    operate('real', async () => {
      const log = await LogAccess.open(servers.kafka);
      await log.create(CUSTOMERS, `${CUSTOMERS}.orders.dlt`);
      await fill((topic, records) => log.publish(topic, ...records));
      await log.close();
      const settings = { KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb };
      return serve(settings).lasts().serving();
    });
  });
});
