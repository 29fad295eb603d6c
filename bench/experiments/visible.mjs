// How long after accounts acknowledged a customer orders has it: asked by a client that waits for it.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { burst } from '../load/wrk.mjs';
import { startService } from '../processes.mjs';
import { quantile } from '../statistics.mjs';

const TOPIC = 'accounts.customer.change';
const CONNECTIONS = 64;
const SHARE = 0.7;
/** Milliseconds between two samples. */
const PAUSE = 20;

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ samples: number, seconds: number, log: (line: string) => void }} options
 * @returns {Promise<import('../report/report.mjs').Visible[]>}
 */
export async function measureVisible(env, { samples, seconds, log }) {
  const [accounts, orders] = [await startService('accounts', env), await startService('orders', env)];
  const admin = new kafkajs.Kafka({
    brokers: String(env.KAFKA_BOOTSTRAP_SERVERS).split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const look = () => timeToVisible(accounts.port, orders.port);
    for (let warming = 0; warming < 200; warming += 1) await look();
    const idle = [];
    while (idle.length < samples) {
      idle.push(await look());
      await sleep(PAUSE);
    }
    await burst(accounts.port, { connections: CONNECTIONS, seconds: 10 });
    const { rate: full } = await burst(accounts.port, { connections: CONNECTIONS, seconds: 10 });
    await Promise.all([accounts.settled(), orders.settled()]);

    const cycle = (CONNECTIONS / (full * SHARE)) * 1000;
    const { p50 } = await burst(accounts.port, { connections: CONNECTIONS, seconds: 5, delay: cycle * 0.7 });
    const load = burst(accounts.port, { connections: CONNECTIONS, seconds, delay: Math.max(1, cycle - p50) });
    const until = performance.now() + (seconds - 2) * 1000;
    await sleep(3_000);
    const backlogBegin = await lagOf(admin, 'orders');
    const loaded = [];
    while (performance.now() < until) {
      loaded.push(await look());
      await sleep(PAUSE);
    }
    const backlogEnd = await lagOf(admin, 'orders');
    const { rate } = await load;
    log(
      `visible: full load ${full.toFixed(0)}/s, load beside the samples ${rate.toFixed(0)}/s (${(rate / full).toFixed(2)})`,
    );
    return [
      { load: 'idle', rate: 0, ...described(idle) },
      { load: 'at 70 %', rate, ...described(loaded), backlogBegin, backlogEnd },
    ];
  } finally {
    await admin.disconnect();
    await Promise.all([accounts.stop(), orders.stop()]);
  }
}

/** @param {number} accounts @param {number} orders */
async function timeToVisible(accounts, orders) {
  const body = JSON.stringify({
    name: { firstName: 'Ada', lastName: 'Lovelace' },
    contact: { email: 'ada@example.com' },
    addresses: [],
  });
  const registered = await fetch(`http://127.0.0.1:${accounts}/accounts/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const acknowledged = performance.now();
  const { id } = /** @type {{ id: string }} */ (await registered.json());
  const copy = await fetch(`http://127.0.0.1:${orders}/orders/customers/${id}?minVersion=1`, {
    headers: { prefer: 'wait=10' },
  });
  await copy.json();
  if (copy.status !== 200) throw new Error(`orders answered ${copy.status}`);
  return performance.now() - acknowledged;
}

/** Events that a group has not read yet. @param {import('kafkajs').Admin} admin @param {string} groupId */
async function lagOf(admin, groupId) {
  const [ends, [group]] = await Promise.all([
    admin.fetchTopicOffsets(TOPIC),
    admin.fetchOffsets({ groupId, topics: [TOPIC] }),
  ]);
  const done = new Map(group?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
  // The two were asked at the same moment, not for the same.
  return ends.reduce((sum, { partition, high }) => sum + Math.max(0, Number(high) - (done.get(partition) ?? 0)), 0);
}

/** @param {readonly number[]} samples milliseconds */
function described(samples) {
  return {
    p50: quantile(samples, 0.5),
    p99: quantile(samples, 0.99),
    max: Math.max(...samples),
    samples: samples.length,
  };
}
