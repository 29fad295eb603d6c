// How long after accounts acknowledged a customer orders has it: asked by a client that waits for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { newTrace, receiveSpans } from '../load/stages.mjs';
import { lagOf, openAdmin } from '../load/log.mjs';
import { burst } from '../load/wrk.mjs';
import { quantile } from '../statistics.mjs';
import { delayFor, settled, startNaive, startOurs, stopSystem } from '../systems.mjs';

const CONNECTIONS = 64;
const SHARE = 0.7;
/** Commands before the first sample, one after another: the code of the services and of Kafka is compiled meanwhile. */
const WARM_UP = 1_000;
/** Milliseconds between two samples. */
const PAUSE = 20;
/** Samples of which the stages are recorded. Their times are not counted, because recording costs some. */
const TRACED = 100;
/** The naive consumer falls behind by as much under load. */
const MAX_WAIT_SECONDS = { naive: 60, ours: 10 };
const GROUPS = { naive: 'naive-orders', ours: 'orders' };

/** @typedef {{ samples: number, seconds: number, log: (line: string) => void }} Options */
/** @typedef {Awaited<ReturnType<typeof receiveSpans>>} Spans */

/**
 * @param {NodeJS.ProcessEnv} env @param {Options} options
 * @returns {Promise<import('../report/visible.mjs').Visible[]>}
 */
export async function measureVisible(env, options) {
  const spans = await receiveSpans();
  const ours = await measureSystem('ours', await startOurs(env, spans.settings), { env, options, spans });
  await spans.stop();
  return [...ours, ...(await measureSystem('naive', await startNaive(env), { env, options }))];
}

/**
 * @param {'naive' | 'ours'} subject @param {import('../systems.mjs').System} system
 * @param {{ env: NodeJS.ProcessEnv, options: Options, spans?: Spans }} settings `spans`: where the system records them
 * @returns {Promise<import('../report/visible.mjs').Visible[]>}
 */
async function measureSystem(subject, system, { env, options: { samples, seconds, log }, spans }) {
  const { accounts, orders = accounts, topic = '' } = system;
  const lag = () => lagOf(admin, GROUPS[subject], topic);
  const admin = await openAdmin(env);
  const look = (/** @type {string | undefined} */ traceparent) =>
    timeToVisible({ accounts: accounts.port, orders: orders.port, maxSeconds: MAX_WAIT_SECONDS[subject], traceparent });
  const sample = async (/** @type {number} */ count, { until = Infinity, pause = 0 } = {}) => {
    const times = [];
    while (times.length < count && performance.now() < until) {
      times.push(await look(undefined));
      if (pause > 0) await sleep(pause);
    }
    return times;
  };
  const stages = async (until = Infinity) => {
    if (!spans) return {};
    const traceIds = [];
    while (traceIds.length < TRACED && performance.now() < until) {
      const { traceId, traceparent } = newTrace();
      await look(traceparent);
      traceIds.push(traceId);
    }
    return { stages: await spans.stagesOf(traceIds) };
  };
  try {
    await sample(WARM_UP);
    const chain = { ...described(await sample(samples)), ...(await stages()) };
    const idle = described(await sample(samples, { pause: PAUSE }));
    await burst(accounts.port, { connections: CONNECTIONS, seconds: 10 });
    const { rate: full } = await burst(accounts.port, { connections: CONNECTIONS, seconds: 10 });
    await settled(system);

    const delay = await delayFor(system, { connections: CONNECTIONS, rate: full * SHARE });
    const load = burst(accounts.port, { connections: CONNECTIONS, seconds, delay });
    const began = performance.now();
    await sleep(3_000);
    const backlogBegin = await lag();
    const loaded = described(await sample(Infinity, { until: began + seconds * (spans ? 700 : 900), pause: PAUSE }));
    const backlogEnd = await lag();
    const loadedStages = await stages(began + seconds * 950);
    const { rate } = await load;
    log(
      `visible: ${subject}, full load ${full.toFixed(0)}/s, load beside the samples ${rate.toFixed(0)}/s (${(rate / full).toFixed(2)})`,
    );
    return [
      { subject, load: 'one after another', rate: 0, ...chain },
      { subject, load: 'idle', rate: 0, ...idle },
      { subject, load: 'at 70 %', rate, ...loaded, backlogBegin, backlogEnd, ...loadedStages },
    ];
  } finally {
    await admin.disconnect();
    await stopSystem(system);
  }
}

/**
 * Registers a customer, and waits for the copy. Returns the milliseconds from the acknowledgement on.
 * @param {{ accounts: number, orders: number, maxSeconds: number, traceparent?: string | undefined }} request ports
 */
export async function timeToVisible({ accounts, orders, maxSeconds, traceparent }) {
  const tracing = /** @type {Record<string, string>} */ (traceparent === undefined ? {} : { traceparent });
  const body = JSON.stringify({
    name: { firstName: 'Ada', lastName: 'Lovelace' },
    contact: { email: 'ada@example.com' },
    addresses: [],
  });
  const registered = await fetch(`http://127.0.0.1:${accounts}/accounts/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...tracing },
    body,
  });
  const acknowledged = performance.now();
  const { id } = /** @type {{ id: string }} */ (await registered.json());
  const copy = await fetch(`http://127.0.0.1:${orders}/orders/customers/${id}?minVersion=1`, {
    headers: { prefer: `wait=${maxSeconds}`, ...tracing },
  });
  await copy.json();
  if (copy.status !== 200) throw new Error(`orders answered ${copy.status}`);
  return performance.now() - acknowledged;
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
