import { connect as connectNet, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { freePort } from '../scripts/servers/ports.mjs';
import { eventually } from '../src/platform/testing/eventually.js';
import { AttackReport, type Outcome } from './support/attack/report.js';
import { singleRequests } from './support/attack/single-requests.js';
import { Victim } from './support/attack/victim.js';
import { ATTACKED, Gateway } from './support/gateway/gateway.js';
import { NameServer } from './support/gateway/name-server.js';
import { describeWithGatewayAndServers } from './support/gateway/needed.js';
import { settingsBehindGateway } from './support/gateway/services.js';
import { token } from './support/gateway/tokens.js';
import { customerInput } from './support/requests.js';
import { RunningProcess } from './support/run-process.js';

const MB = 1_000_000;
/** As in the image, for a container of 512 MiB. */
const NODE_OPTIONS = '--max-old-space-size=307 --max-semi-space-size=32';
/** How long each attack goes on. */
const ATTACK_MS = 8_000;
const ORDERS = 60;
/** The victim's is 127.0.0.1. */
const ATTACKER = '127.0.0.9';
const HEAD = 'HTTP/1.1\r\nHost: shop\r\n';

/**
 * Attacks on two instances behind the real gateway, on loopback. Each attack's limits are checked, and a table and a
 * drawing of the memory are written. ATTACKED_PROJECT names a checkout of another version to attack instead, of which
 * only the table is of interest.
 */
describeWithGatewayAndServers('under attack', () => {
  const report = new AttackReport();
  const instances: RunningProcess[] = [];
  const sockets: Socket[] = [];
  let gateway: Gateway;
  let customerId: string;
  let memory: NodeJS.Timeout;
  let peak = 0;

  beforeAll(async () => {
    const names = await NameServer.start();
    const ports = { port: await freePort(undefined, []), healthPort: await freePort(undefined, []) };
    const settings = {
      ...settingsBehindGateway(),
      NODE_OPTIONS,
      PORT: String(ports.port),
      MANAGEMENT_PORT: String(ports.healthPort),
    };
    // Versions before cannot be told another name server, so that they have one instance.
    const hosts = ATTACKED === undefined ? ['127.0.0.2', '127.0.0.3'] : ['127.0.0.2'];
    for (const HOST of hosts) instances.push(new RunningProcess(['serve'], { ...settings, HOST }, ATTACKED).lasts());
    await Promise.all(instances.map((each) => each.ready()));
    names.set('shop.test', hosts);
    const host = ATTACKED === undefined ? 'shop.test' : '127.0.0.2';
    gateway = await Gateway.start(
      { accounts: ports, orders: ports },
      {
        GATEWAY_NAMESERVER: names.address,
        GATEWAY_MAX_INSTANCES: String(hosts.length),
        ACCOUNTS_HOST: host,
        ORDERS_HOST: host,
        CONNECTIONS_PER_ADDRESS: '400',
        CONNECTION_RATE_PER_ADDRESS: '500',
        RATE_LIMIT_PER_ADDRESS: '1000',
        RATE_LIMIT_PER_SUBJECT: '200',
      },
    );
    const { body } = await eventually(() =>
      gateway.call('POST', '/accounts/customers', { body: customerInput('Ada') }),
    );
    customerId = body.id as string;
    await eventually(async () =>
      expect((await gateway.call('GET', `/orders/customers/${customerId}`)).status).toBe(200),
    );
    const product = {
      id: 'p',
      title: 't'.repeat(200),
      description: 'd'.repeat(1_000),
      price: { amount: '1.00', currency: 'USD' },
    };
    const order = { customerId, items: Array.from({ length: 190 }, () => ({ product, quantity: 1 })) };
    for (let placed = 0; placed < ORDERS; placed += 1) {
      const sub = `seed-${placed}`;
      expect((await gateway.call('POST', '/orders', { body: order, token: token({ sub }) })).status).toBe(201);
    }
    memory = setInterval(() => {
      const all = instances.map((each) => each.residentBytes());
      peak = Math.max(peak, ...all);
      report.remember(all);
    }, 100);
  }, 120_000);

  beforeEach(() => {
    peak = 0;
    const attack = expect.getState().currentTestName?.replace(/^.*under attack /, '') ?? '';
    if (attack !== 'single requests') report.begin(attack);
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  afterAll(() => {
    clearInterval(memory);
    report.write();
  });

  const bearer = (sub: string) => `Authorization: Bearer ${token({ sub })}\r\n`;

  /** Sends to an instance past the gateway, or to the gateway, and reads nothing unless it is told to. */
  function send(text: string, { direct = false, from = ATTACKER } = {}): Socket {
    const to = new URL(direct ? (instances[0] as RunningProcess).url : gateway.url);
    const plain = connectNet({ host: to.hostname, port: Number(to.port), localAddress: from });
    const socket = direct ? plain : connectTls({ socket: plain, host: '127.0.0.1', ca: gateway.certificate });
    for (const each of [plain, socket]) each.on('error', () => undefined);
    socket.write(text);
    sockets.push(socket);
    return socket;
  }

  /** What a victim gets, whose requests are not those of the attacker, while `attack` goes on. */
  async function during(
    attack: () => Promise<string> | string,
    path = `/accounts/customers/${customerId}`,
  ): Promise<Outcome> {
    const victim = new Victim(gateway, path);
    const attacker = await attack();
    await sleep(ATTACK_MS);
    return { attacker, peak, ...(await victim.stop()) };
  }

  const isNew = ATTACKED === undefined;

  it('single requests', async () => {
    const all = await singleRequests(gateway, ATTACKED);
    report.addSingle(all);
    if (isNew)
      expect(all.map(({ finding, got }) => [finding, got])).toEqual(
        all.map(({ finding, should }) => [finding, should]),
      );
  });

  it('200 readers of pages of a megabyte, who never read', async () => {
    const pages = `/orders?customerId=${customerId}&limit=200`;
    const outcome = await during(() => {
      for (let reader = 0; reader < 200; reader += 1) {
        send(`GET ${pages} ${HEAD}${bearer(`reader-${reader % 4}`)}\r\n`, { direct: true }).pause();
      }
      return 'reads nothing';
    });
    report.add(outcome);
    if (isNew) expect({ ...outcome, fits: outcome.peak < 300 * MB }).toMatchObject({ failed: 0, fits: true });
  });

  it('readers through the gateway, one subject within its limits', async () => {
    const pages = `/orders?customerId=${customerId}&limit=200`;
    const outcome = await during(() => {
      for (let reader = 0; reader < 190; reader += 1) send(`GET ${pages} ${HEAD}${bearer('reader')}\r\n`).pause();
      return 'reads nothing';
    });
    report.add(outcome);
    if (isNew) expect({ ...outcome, fits: outcome.peak < 320 * MB }).toMatchObject({ failed: 0, fits: true });
  });

  it('503 by waits that cannot be met, with four tokens', async () => {
    const wait = `/orders/customers/${customerId}?minVersion=5`;
    const counted = { refused: 0 };
    const over = new AbortController();
    const outcome = await during(() => {
      for (let attacker = 0; attacker < 4; attacker += 1) {
        const sub = `breaker-${attacker}`;
        void (async () => {
          while (!over.signal.aborted) {
            const { status } = await gateway
              .call('GET', wait, { token: token({ sub }), from: ATTACKER })
              .catch(() => ({ status: 0 }));
            if (status === 503) counted.refused += 1;
            if (status === 429) await sleep(500);
          }
        })();
      }
      return '';
    }, `/orders?customerId=nobody`);
    over.abort();
    report.add({ ...outcome, attacker: `503, ${counted.refused} times` });
    if (isNew) expect(outcome).toMatchObject({ failed: 0 });
  });

  it('all connections of one address without a token', async () => {
    const outcome = await during(async () => {
      let open = 0;
      for (let connection = 0; connection < 4_200; connection += 1) {
        const socket = send(`GET /orders ${HEAD}\r\n`);
        socket.resume().once('secureConnect', () => {
          open += 1;
          socket.once('close', () => (open -= 1));
        });
        if (connection % 100 === 0) await sleep(20);
      }
      return `holds ${open} of 4,000 connections`;
    });
    report.add(outcome);
    if (isNew) expect({ ...outcome, isFast: outcome.p95 < 500 }).toMatchObject({ failed: 0, isFast: true });
  });

  it('720 waits of four tokens', async () => {
    const outcome = await during(() => {
      for (let wait = 0; wait < 720; wait += 1) {
        const headers = `Prefer: wait=10\r\n${bearer(`waiter-${wait % 4}`)}`;
        send(`GET /orders/customers/${customerId}?minVersion=${100 + wait} ${HEAD}${headers}\r\n`, {
          from: `127.0.0.${20 + (wait % 4)}`,
        });
      }
      return 'waits';
    }, `/orders?customerId=nobody`);
    report.add(outcome);
    if (isNew) expect(outcome).toMatchObject({ failed: 0 });
  });

  it('3,000 waits past the gateway', async () => {
    const before = Math.max(...instances.map((each) => each.residentBytes()));
    const outcome = await during(() => {
      for (let wait = 0; wait < 3_000; wait += 1) {
        const headers = `Prefer: wait=10\r\n${bearer(`waiter-${wait % 100}`)}`;
        send(`GET /orders/customers/${customerId}?minVersion=${100 + wait} ${HEAD}${headers}\r\n`, { direct: true });
      }
      return 'waits';
    });
    const cost = outcome.peak - before;
    report.add({ ...outcome, attacker: `takes ${Math.round(cost / MB)} MB` });
    if (isNew) expect({ ...outcome, fits: cost < 60 * MB }).toMatchObject({ failed: 0, fits: true });
  });

  it('100,000 requests in one go on one connection, behind one that waits', async () => {
    const outcome = await during(() => {
      const wait = `GET /orders/customers/${customerId}?minVersion=100 ${HEAD}Prefer: wait=10\r\n${bearer('pipe')}\r\n`;
      const socket = send(wait, { direct: true });
      for (let batch = 0; batch < 100; batch += 1) socket.write(`GET /nowhere ${HEAD}\r\n`.repeat(1_000));
      return 'reads nothing';
    });
    report.add(outcome);
    if (isNew) expect({ ...outcome, fits: outcome.peak < 320 * MB }).toMatchObject({ failed: 0, fits: true });
  });
});
