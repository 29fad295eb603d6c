import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Flow } from '../src/platform/console/api.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { ConsoleViewer } from './support/console-viewer.js';
import { patch, post } from './support/http.js';
import { Load } from './support/load.js';
import { LogAccess } from './support/log-access.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { customerInput } from './support/requests.js';
import { type RunningProcess, serve } from './support/run-process.js';

const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';
const ACTIONS = 'operations.actions';
const INSTANCES = 'operations.instances';
const ALL = [0, 1, 2, 3, 4, 5];
const TIMEOUT_MS = 180_000;

/** The partitions of each group and topic, as the instances state them. */
function partitionsIn({ instances }: Flow): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const { group, partitions } of instances.flatMap(({ consumers }) => consumers)) {
    for (const [topic, own] of Object.entries(partitions)) {
      found[`${group} reads ${topic}`] = [...(found[`${group} reads ${topic}`] ?? []), ...own].sort();
    }
  }
  return found;
}

function expectShared(flow: Flow): void {
  const partitions = partitionsIn(flow);
  expect(Object.keys(partitions)).toEqual(
    expect.arrayContaining([`accounts reads ${CUSTOMERS}`, `orders reads ${CUSTOMERS}`]),
  );
  for (const [reading, of] of Object.entries(partitions)) expect([reading, of]).toEqual([reading, ALL]);
}

const modulesOf = ({ instances }: Flow) => instances.map(({ modules }) => modules.join()).sort();
const lagOf = ({ groups }: Flow) => groups.find(({ group, topic }) => group === 'orders' && topic === CUSTOMERS);

describeWithOwnServers('the consoles of several instances', 'e2e-console-instances', (servers) => {
  let running: RunningProcess[];
  let viewers: ConsoleViewer[];
  let log: LogAccess;

  const settings = () => ({
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });

  beforeAll(async () => {
    running = await Promise.all([
      serve(settings(), 'accounts').lasts().ready(),
      serve({ ...settings(), LOG_LEVEL: 'debug' }, 'accounts')
        .lasts()
        .ready(),
      serve(settings(), 'orders').lasts().ready(),
    ]);
    viewers = running.map((each) => ConsoleViewer.open(each));
    log = await LogAccess.open(servers.kafka);
  }, TIMEOUT_MS);

  afterAll(async () => {
    viewers.forEach((viewer) => viewer.leave());
    await log.close();
  });

  it(
    'show all of them, whichever is asked: partitions, commands, outboxes, topics, lags and settings',
    async () => {
      const [first, second, orders] = running as [RunningProcess, RunningProcess, RunningProcess];
      const load = new Load({ accounts: [first.url, second.url], orders: [orders.url] }, 4);
      for (const viewer of viewers) {
        await viewer.sees((flow) => {
          expect(modulesOf(flow)).toEqual(['accounts', 'accounts', 'orders']);
          expect(flow.instances.map(({ status }) => status)).toEqual(['ready', 'ready', 'ready']);
          expectShared(flow);
          const rates = flow.instances.map(({ commandsPerSecond = 0 }) => commandsPerSecond);
          expect(Math.min(...rates)).toBeGreaterThan(0);
          expect(flow.commandsPerSecond).toBeCloseTo(rates.reduce((sum, rate) => sum + rate, 0));
          expect(flow.outboxes.map(({ topic }) => topic).sort()).toEqual([CUSTOMERS, ORDERS]);
          const written = flow.topics.filter(({ records }) => records > 0).map(({ topic }) => topic);
          expect(written).toEqual(expect.arrayContaining([CUSTOMERS, ORDERS]));
          expect(flow.groups.filter(({ lag }) => lag === undefined)).toEqual([]);
        });
      }
      await load.stop();
      for (const viewer of viewers) {
        const stated = (await viewer.settings()).map(({ settings: { LOG_LEVEL } }) => LOG_LEVEL);
        expect(stated.sort()).toEqual(['debug', 'info', 'info']);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'count what a suspended instance has not consumed, to the event, and for how long',
    async () => {
      const [first, , orders] = running as [RunningProcess, RunningProcess, RunningProcess];
      const [viewer] = viewers as [ConsoleViewer];
      const { body: customer } = await post(`${first.url}/accounts/customers`, customerInput('Lovelace'));
      await viewer.sees((flow) => expect(lagOf(flow)).toMatchObject({ lag: 0, lagSeconds: 0 }));

      await orders.whileStopped(async () => {
        for (let title = 1; title <= 25; title += 1) {
          await patch(`${first.url}/accounts/customers/${customer.id}`, { name: { title: `Dr ${title}` } });
        }
        const flow = await viewer.sees((each) => expect(lagOf(each)?.lag).toBe(25));
        const seconds = Number(lagOf(flow)?.lagSeconds);
        await viewer.sees((each) => {
          expect(lagOf(each)?.lag).toBe(25);
          expect(lagOf(each)?.lagSeconds).toBeGreaterThan(seconds + 2);
        });
      });

      await viewer.sees((flow) => {
        expect(lagOf(flow)).toMatchObject({ lag: 0, lagSeconds: 0 });
        expectShared(flow);
      });
    },
    TIMEOUT_MS,
  );

  it(
    'show a job of another instance, and abort it',
    async () => {
      const [first, second, orders] = viewers as [ConsoleViewer, ConsoleViewer, ConsoleViewer];
      // A job cannot succeed while its database does not answer. After a while it fails: then the abort came too late.
      const job = await servers.whilePaused('mongodb', () =>
        eventually(
          async () => {
            const started = await first.start('verify', 'accounts');
            expect(await orders.abort(started.id)).toMatchObject({ status: 200 });
            const ended = [first, second, orders].map((viewer) =>
              viewer.sees(({ jobs }) => expect(jobs.find(({ id }) => id === started.id)?.outcome).toBeDefined()),
            );
            for (const { jobs } of await Promise.all(ended)) {
              expect(jobs[0]).toMatchObject({ id: started.id, kind: 'verify', outcome: 'aborted' });
            }
            return started;
          },
          { within: 90_000 },
        ),
      );

      expect(await first.abort(job.id)).toMatchObject({ status: 409 });
      const lists = await eventually(async () => {
        const found = await Promise.all(viewers.map((viewer) => viewer.actions()));
        expect(found[0]?.slice(0, 2)).toMatchObject([
          { action: 'abort', target: job.id, outcome: 'asked for' },
          { action: 'verify', target: 'accounts', outcome: 'aborted; nothing was changed' },
        ]);
        return found;
      });
      for (const list of lists) expect(list).toEqual(lists[0]);
    },
    TIMEOUT_MS,
  );

  it(
    'bear records that nobody understands, and topics that are gone',
    async () => {
      const [first, second] = viewers as [ConsoleViewer, ConsoleViewer];
      const before = await first.actions();
      const texts = ['no JSON', 'null', '[]', '{}', '{"id":"x"}'];
      const status = { id: 'strange', at: new Date().toISOString(), modules: ['strange'], jobs: 5, outboxes: [null] };
      for (const topic of [ACTIONS, INSTANCES]) {
        for (const text of [...texts, JSON.stringify({ ...status, consumers: 'none', name: 7 })]) {
          await log.publish(topic, { key: Buffer.from('strange'), value: Buffer.from(text), headers: {} });
        }
        await log.publish(topic, { key: Buffer.from('strange'), value: null, headers: {} });
      }
      await first.sees((flow) => expect(modulesOf(flow)).toEqual(['accounts', 'accounts', 'orders', 'strange']));
      expect(await second.actions()).toEqual(before);

      await log.admin.deleteTopics({ topics: [ACTIONS, INSTANCES] });
      await eventually(async () => {
        const job = await second.start('verify', 'accounts');
        await first.sees(({ jobs }) => expect(jobs).toContainEqual(expect.objectContaining({ id: job.id })));
      });
      // Older than the time after which an instance is gone.
      const flow = await first.sees(({ instances }) =>
        expect(instances.find(({ modules }) => modules.includes('strange'))?.status).toBe('gone'),
      );
      const others = flow.instances.filter(({ modules }) => !modules.includes('strange'));
      expect(others.map(({ status: each }) => each)).toEqual(['ready', 'ready', 'ready']);
      await eventually(async () => {
        const outcomes = (await first.actions()).map(({ action, outcome }) => [action, outcome]);
        expect(outcomes).toContainEqual(['verify', expect.stringContaining('log and database match')]);
      });
    },
    TIMEOUT_MS,
  );

  it(
    'go on while Kafka is away, refuse actions that nobody could write down, and find the others again',
    async () => {
      const [first] = viewers as [ConsoleViewer];
      const { at } = await first.sees(() => undefined);
      await servers.stop('kafka');
      const { instances } = await first.sees((flow) => {
        expect(Date.parse(flow.at)).toBeGreaterThan(Date.parse(at));
        expect(flow.standstills).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('kafka') }));
        expect(flow.topics.find(({ topic }) => topic === CUSTOMERS)?.records).toBeGreaterThan(0);
      });
      expect(instances[0]).toMatchObject({ status: 'degraded' });
      await expect(first.start('verify', 'accounts')).rejects.toThrow('503');

      await servers.start('kafka');
      for (const viewer of viewers) {
        await viewer.sees((flow) => {
          const known = flow.instances.filter(({ modules }) => !modules.includes('strange'));
          expect(known.map(({ status }) => status)).toEqual(['ready', 'ready', 'ready']);
          expectShared(flow);
        });
      }
      const { id } = await first.start('verify', 'accounts');
      await first.sees(({ jobs }) => expect(jobs).toContainEqual(expect.objectContaining({ id, outcome: 'done' })));
    },
    TIMEOUT_MS,
  );

  it(
    'say what became of a job whose instance was stopped',
    async () => {
      const [, viewer] = viewers as [ConsoleViewer, ConsoleViewer];
      const other = await serve(settings(), 'orders').ready();
      const started = ConsoleViewer.open(other);
      await started.start('replay', 'orders');
      started.leave();
      expect(await other.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      const [newest] = await viewer.actions();
      expect(newest).toMatchObject({ action: 'replay', target: 'orders' });
      expect(newest?.outcome).toMatch(/^aborted, because the process stopped; nothing was changed$|swapped in/);
    },
    TIMEOUT_MS,
  );

  it(
    'show who is gone, and who has come',
    async () => {
      const [first, second] = running as [RunningProcess, RunningProcess];
      const [viewer] = viewers as [ConsoleViewer];
      const { instances } = await viewer.sees((flow) => expect(modulesOf(flow)).toContain('orders'));
      const known = instances.map(({ id }) => id);
      const of = async (process: RunningProcess) => {
        const flow = await new Promise<Flow>((resolve, reject) => {
          const own = ConsoleViewer.open(process);
          own
            .sees(() => undefined)
            .finally(() => own.leave())
            .then(resolve, reject);
        });
        return String(flow.instances[0]?.id);
      };
      const killed = await of(second);
      await second.kill('SIGKILL');
      await viewer.sees((flow) => {
        expect(flow.instances.find(({ id }) => id === killed)?.status).toBe('gone');
        expectShared(flow);
      });

      const added = await serve(settings(), 'accounts').ready();
      const addedId = await of(added);
      expect(known).not.toContain(addedId);
      await viewer.sees((flow) => {
        expect(flow.instances.find(({ id }) => id === addedId)).toMatchObject({
          modules: ['accounts'],
          status: 'ready',
        });
        expectShared(flow);
      });
      expect(first.logged('the console cannot take a sample')).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
