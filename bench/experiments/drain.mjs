// How fast orders, just started, catches up with a backlog of customers' events, beside a bare script with the same writes.
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { run, startService } from '../processes.mjs';
import { publishCustomerEvents } from '../load/customer-events.mjs';
import { median } from '../statistics.mjs';

/**
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them
 * @param {{ events: number, customers: number, rounds: number, log: (line: string) => void }} options
 */
export async function measureDrain(env, { events, customers, rounds, log }) {
  await publishCustomerEvents(env, { events, customers });
  const rates = [];
  const client = await MongoClient.connect(String(env.MONGODB_URI));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const bare = events / (await run(['bench/baselines/bare-copy.mjs'], { ...env, EVENTS: String(events) })).seconds;
      const ours = events / (await secondsToCatchUp(env, client, { events, customers }));
      log(`drain: bare script ${bare.toFixed(0)} events/s, orders ${ours.toFixed(0)} events/s`);
      rates.push({ bare, ours });
    }
  } finally {
    await client.close();
  }
  return {
    events,
    ours: median(rates.map(({ ours }) => ours)),
    bare: median(rates.map(({ bare }) => bare)),
    ratio: median(rates.map(({ ours, bare }) => ours / bare)),
  };
}

/** @param {NodeJS.ProcessEnv} env @param {MongoClient} client @param {{ events: number, customers: number }} size */
async function secondsToCatchUp(env, client, { events, customers }) {
  const db = client.db('orders');
  await db.dropDatabase();
  const newest = Math.ceil(events / customers);
  const atNewest = customers - (newest * customers - events);
  const began = performance.now();
  const orders = await startService('orders', env);
  try {
    while ((await db.collection('customers').countDocuments({ version: newest })) < atNewest) await sleep(100);
    return (performance.now() - began) / 1000;
  } finally {
    await orders.stop();
    await forgetOffsets(env);
  }
}

/** Lets the next round begin at the first event again. @param {NodeJS.ProcessEnv} env */
async function forgetOffsets(env) {
  const { default: kafkajs } = await import('kafkajs');
  const brokers = String(env.KAFKA_BOOTSTRAP_SERVERS).split(',');
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteGroups(['orders']);
  await admin.disconnect();
}
