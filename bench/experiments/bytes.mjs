// Bytes and CPU time of an event: in Kafka by compression and batch, and in MongoDB.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BSON, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { continueServer, pauseServer } from '../../scripts/servers.mjs';
import { burst } from '../load/wrk.mjs';
import { changeCustomer, registerCustomer } from '../load/requests.mjs';
import { startService } from '../processes.mjs';
import { median } from '../statistics.mjs';
import { measureOrders, storedIn } from './order-bytes.mjs';

const built = (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { KafkaBus } = await built('platform/kafka/bus.js');
const { nativeZstd } = await built('platform/tools/zstd.js');

const TOPIC = 'accounts.customer.change';
/** Topics whose records are measured in the service's own compression only. */
const OTHER_TOPICS = ['orders.order.change', 'accounts.customer.keys'];
/** A single command, a few at once, and the relay under load. */
const BATCHES = [1, 10, 83];
const COMPRESSIONS = ['none', 'gzip', ...(nativeZstd ? ['zstd'] : [])];
const CUSTOMERS = 2_000;
const CHANGES = 4;
/** Events that are published with each compression and batch. */
const EVENTS = 1_992;
const CONCURRENT = 32;
const LOAD = { connections: 64, seconds: 5 };

/**
 * @typedef {object} InKafka of one event
 * @property {string} compression
 * @property {number} batch events
 * @property {number} bytes in the segment file
 * @property {number} produceMicros CPU time to publish it
 * @property {number} consumeMicros CPU time to read it
 */
/** @typedef {{ data: number, stored: number, indexes: number }} Stored bytes: as BSON, in the data file, in the indexes */
/** @typedef {{ topic: string, batch: number, bytes: number }} OtherRecord bytes of a record of another topic in the segment file */
/** @typedef {{ rate: number, cpuMicros: number }} Turn commands a second; CPU time of the service for each */
/**
 * @typedef {object} Bytes
 * @property {string} node
 * @property {InKafka[]} kafka
 * @property {(Turn & { compression: string, ratio: number })[]} commands medians; the ratio is that of the CPU times to `none`
 * @property {{ compression: string, records: OtherRecord[] }} others
 * @property {import('./order-bytes.mjs').OrderBytes} orders
 * @property {{ customers: number, changes: number, accounts: Stored, history: Stored, pending: number }} mongodb
 */

/**
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them
 * @param {{ name: string, kafkaData: string, rounds: number, log: (line: string) => void }} options
 * @returns {Promise<Bytes>}
 */
export async function measureBytes(env, { name, kafkaData, rounds, log }) {
  const mongodb = await measureMongoDb(env, name);
  const orders = await measureOrders(env);
  const events = await recordsOf(env, TOPIC, ({ type }) => type === 'accounts.customer.registered');
  const others = await measureOthers(env, kafkaData);
  /** @type {Map<string, InKafka[]>} */
  const samples = new Map();
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const batch of BATCHES) {
      for (const compression of round % 2 ? COMPRESSIONS.toReversed() : COMPRESSIONS) {
        const topic = `bytes.${compression}.${batch}.${round}`;
        const sample = await measureEvents(env, { topic, compression, batch, events, kafkaData });
        const key = `${compression} ${batch}`;
        if (round > 0) samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  const kafka = [...samples.values()].map((each) => ({
    .../** @type {InKafka} */ (each[0]),
    produceMicros: median(each.map(({ produceMicros }) => produceMicros)),
    consumeMicros: median(each.map(({ consumeMicros }) => consumeMicros)),
  }));
  for (const { compression, batch, bytes } of kafka)
    log(`bytes: ${compression}, ${batch}: ${bytes.toFixed(0)} an event`);
  return {
    node: process.version,
    kafka,
    others,
    commands: await measureCommands(env, { rounds, log }),
    mongodb,
    orders,
  };
}

/** @param {NodeJS.ProcessEnv} env @param {string} kafkaData */
async function measureOthers(env, kafkaData) {
  const compression = String(COMPRESSIONS.at(-1));
  /** @type {OtherRecord[]} */
  const records = [];
  for (const topic of OTHER_TOPICS) {
    const events = await recordsOf(env, topic);
    for (const batch of BATCHES) {
      const options = { topic: `bytes.${topic}.${batch}`, compression, batch, events, kafkaData };
      records.push({ topic, batch, bytes: (await measureEvents(env, options)).bytes });
    }
  }
  return { compression, records };
}

/**
 * Publishes the events in batches of that size, and reads them.
 * @param {NodeJS.ProcessEnv} env
 * @param {{ topic: string, compression: string, batch: number, events: any[], kafkaData: string }} options
 */
async function measureEvents(env, { topic, compression, batch, events, kafkaData }) {
  const bus = await openBus(env, compression);
  try {
    await bus.createTopics([topic]);
    await bus.publish(topic, events.slice(0, 1));
    const [segment, count] = [join(kafkaData, 'logs', `${topic}-0`, '00000000000000000000.log'), events.length];
    const before = statSync(segment).size;
    const producing = await cpuOf(async () => {
      for (let from = 0; from < count; from += batch) await bus.publish(topic, events.slice(from, from + batch));
    });
    const bytes = (statSync(segment).size - before) / count;
    const consuming = await cpuOf(async () => {
      const reader = await bus.read([topic], async () => {});
      await reader.caughtUp();
      await reader.stop();
    });
    return { compression, batch, bytes, produceMicros: producing / count, consumeMicros: consuming / count };
  } finally {
    await bus.close();
  }
}

/** @param {() => Promise<void>} work @returns {Promise<number>} microseconds of this process, all threads */
async function cpuOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Records of a topic, as the services published them.
 * @param {NodeJS.ProcessEnv} env @param {string} topic @param {(value: any) => boolean} [counts]
 */
async function recordsOf(env, topic, counts = () => true) {
  const bus = await openBus(env, 'none');
  /** @type {any[]} */
  const found = [];
  const reader = await bus.read([topic], async (/** @type {readonly any[]} */ records) => {
    found.push(...records.filter(({ value }) => value !== null && counts(JSON.parse(String(value)))));
  });
  await reader.caughtUp();
  await reader.stop();
  await bus.close();
  if (found.length < EVENTS) throw new Error(`${topic} has only ${found.length} records`);
  return found.slice(0, EVENTS);
}

/** @param {NodeJS.ProcessEnv} env @param {string} compression */
function openBus(env, compression) {
  const client = { clientId: 'bench', brokers: String(env.KAFKA_BOOTSTRAP_SERVERS).split(',') };
  const settings = { client, compression, partitions: 1, sessionTimeout: 10_000 };
  return KafkaBus.open(settings, pino({ level: 'silent' }));
}

/**
 * The service under load with each compression, in turns.
 * @param {NodeJS.ProcessEnv} env @param {{ rounds: number, log: (line: string) => void }} options
 */
async function measureCommands(env, { rounds, log }) {
  /** @type {Record<string, Turn[]>} */
  const turns = Object.fromEntries(COMPRESSIONS.map((compression) => [compression, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const compression of round % 2 ? COMPRESSIONS.toReversed() : COMPRESSIONS) {
      const turn = await turnOf({ ...env, KAFKA_COMPRESSION: compression });
      log(`bytes: ${compression} ${turn.rate.toFixed(0)}/s, ${turn.cpuMicros.toFixed(0)} µs each`);
      turns[compression]?.push(turn);
    }
  }
  return COMPRESSIONS.map((compression) => {
    const own = turns[compression] ?? [];
    const ratios = own.map(({ cpuMicros }, round) => cpuMicros / (turns['none']?.[round]?.cpuMicros ?? Number.NaN));
    const of = (/** @type {keyof Turn} */ name) => median(own.map((each) => each[name]));
    return { compression, rate: of('rate'), cpuMicros: of('cpuMicros'), ratio: median(ratios) };
  });
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Turn>} */
async function turnOf(env) {
  const service = await startService('accounts', env);
  try {
    await burst(service.port, LOAD);
    await service.settled();
    const before = service.cpuMillis();
    const { rate } = await burst(service.port, LOAD);
    await service.settled();
    return { rate, cpuMicros: ((service.cpuMillis() - before) * 1_000) / (rate * LOAD.seconds) };
  } finally {
    await service.stop();
  }
}

/** What customers with changes take in MongoDB, and one event that waits in the outbox. @param {NodeJS.ProcessEnv} env @param {string} name */
async function measureMongoDb(env, name) {
  const client = await MongoClient.connect(String(env.MONGODB_URI));
  const db = client.db('accounts');
  const service = await startService('accounts', env);
  try {
    for (let from = 0; from < CUSTOMERS; from += CONCURRENT) {
      const numbers = Array.from({ length: Math.min(CONCURRENT, CUSTOMERS - from) }, (_, index) => from + index);
      await Promise.all(
        numbers.map(async (number) => {
          const id = await registerCustomer(service.port, number);
          for (let change = 1; change <= CHANGES; change += 1) await changeCustomer(service.port, id, change);
        }),
      );
    }
    await service.settled();
    await client.db('admin').command({ fsync: 1 });
    const [accounts, history] = [
      await storedIn(db, 'customer.accounts', CUSTOMERS),
      await storedIn(db, 'customer.history', CUSTOMERS),
    ];
    await pauseServer('kafka-1', { name });
    const id = await registerCustomer(service.port, CUSTOMERS);
    const [waiting] = await db
      .collection('customer.accounts')
      .find({ _id: /** @type {any} */ (id) })
      .toArray();
    const pending = BSON.calculateObjectSize(waiting?.['pending'][0]);
    return { customers: CUSTOMERS, changes: 1 + CHANGES, accounts, history, pending };
  } finally {
    await continueServer('kafka-1', { name });
    await service.settled();
    await service.stop();
    await client.close();
  }
}
