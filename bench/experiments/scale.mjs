// Commands a second with no customers and with very many, on two MongoDB servers, in turns.
import { MongoClient } from 'mongodb';
import { burst } from '../load/wrk.mjs';
import { stateOf } from '../load/customer-events.mjs';
import { startService } from '../processes.mjs';
import { median } from '../statistics.mjs';
import { storedIn } from './order-bytes.mjs';

const LOAD = { connections: 64, seconds: 5 };
const BATCH = 5_000;

/**
 * @param {{ empty: NodeJS.ProcessEnv, full: NodeJS.ProcessEnv }} envs of two sets of servers with nothing on them
 * @param {{ customers: number, rounds: number, log: (line: string) => void }} options
 */
export async function measureScale(envs, { customers, rounds, log }) {
  /** @type {import('../processes.mjs').Subject[]} */
  const started = [];
  const start = async (/** @type {NodeJS.ProcessEnv} */ env) => {
    const service = await startService('accounts', env);
    started.push(service);
    return service;
  };
  try {
    const [empty, full] = [await start(envs.empty), await start(envs.full)];
    // A database with customers and an empty log is one that was restored: it refuses commands.
    for (const subject of [empty, full]) await accepted(subject);
    const stored = await fill(String(envs.full.MONGODB_URI), customers);
    const rates = [];
    for (const subject of [empty, full]) await accepted(subject, 10);
    for (let round = 0; round < rounds; round += 1) {
      const pair = { empty: 0, full: 0 };
      for (const [name, subject] of /** @type {const} */ ([
        ['empty', empty],
        ['full', full],
      ])) {
        pair[name] = await accepted(subject);
      }
      log(`scale: none ${pair.empty.toFixed(0)}/s, ${customers} customers ${pair.full.toFixed(0)}/s`);
      rates.push(pair);
    }
    return {
      customers,
      stored,
      empty: median(rates.map((each) => each.empty)),
      full: median(rates.map((each) => each.full)),
      ratio: median(rates.map((each) => each.full / each.empty)),
    };
  } finally {
    await Promise.all(started.map((service) => service.stop()));
  }
}

/**
 * Commands a second, all of which were accepted.
 * @param {import('../processes.mjs').Subject} subject @param {number} seconds
 */
async function accepted(subject, seconds = LOAD.seconds) {
  const { rate, refused } = await burst(subject.port, { ...LOAD, seconds });
  await subject.settled();
  if (refused > 0) throw new Error(`${refused} commands were refused`);
  return rate;
}

/**
 * Customers that are there, as if their events had been published long ago. Returns the bytes of each.
 * @param {string} uri @param {number} customers
 */
async function fill(uri, customers) {
  const client = await MongoClient.connect(uri);
  const collection = client.db('accounts').collection('customer.accounts');
  try {
    for (let from = 0; from < customers; from += BATCH) {
      const documents = Array.from({ length: Math.min(BATCH, customers - from) }, (_, index) => {
        const state = stateOf(from + index);
        return { _id: state.id, version: 1, hash: '0'.repeat(64), state, pending: [], commands: [] };
      });
      await collection.insertMany(/** @type {any[]} */ (documents), { ordered: false });
    }
    await client.db('admin').command({ fsync: 1 });
    return await storedIn(client.db('accounts'), 'customer.accounts');
  } finally {
    await client.close();
  }
}
