// Fills `accounts.customer.change` with events as accounts would have published them.
import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { readMasterKeys } from './sealed-events.mjs';

const built = (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { registerCustomer, changeCustomer, statedBy } = await built('accounts/domain/customer.js');
const { customerEvents } = await built('accounts/messages/customer-events.js');
const { composeChange } = await built('platform/aggregate/pending-event.js');
const { DEFAULT_COMPRESSION } = await built('platform/operating/config/kafka-settings.js');
const { settingsOf } = await built('platform/log/topics.js');
const { dataKeyOf } = await built('platform/privacy/data-key.js');
const { toEventRecord } = await built('platform/event/event-record.js');
const { toKeyRecord } = await built('platform/privacy/key-records.js');
const { registerCodecs, typeOf } = await built('platform/kafka/compression.js');

export const TOPIC = customerEvents.topic;
export const KEYS_TOPIC = customerEvents.keys;
const BATCH = 2_000;

/** @typedef {Map<number, { state: any, hash: string, key: object }>} Newest by number of the customer */

// So that this process reads and writes what the services do.
await registerCodecs();

/**
 * Publishes that many events of that many customers, each customer's in order of version and all customers' mixed, sealed
 * with a key of each customer, which is published before. Answers the newest of each, so that another call goes on.
 * @param {NodeJS.ProcessEnv} env @param {{ events: number, customers: number, newest?: Newest }} size
 * @returns {Promise<Newest>}
 */
export async function publishCustomerEvents(env, { events, customers, newest = new Map() }) {
  const masterKeys = await readMasterKeys(env);
  const brokers = String(env.KAFKA_BOOTSTRAP_SERVERS).split(',');
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const [admin, producer] = [
    kafka.admin(),
    kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner }),
  ];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [TOPIC, KEYS_TOPIC].map(toTopic) });
  const first = [...newest.values()].reduce((sum, { state }) => sum + state.version, 0);
  for (let published = 0; published < events;) {
    /** @type {any[]} */
    const messages = [];
    /** @type {any[]} */
    const keys = [];
    for (; messages.length < BATCH && published < events; published += 1) {
      const number = published % customers;
      const next = nextEvent(number, newest.get(number), first + published, masterKeys);
      newest.set(number, next);
      if (next.made) keys.push(toKeyRecord(next.state.id, next.made));
      messages.push(toEventRecord(next.state.id, next.entry.json));
    }
    if (keys.length > 0) await producer.send({ topic: KEYS_TOPIC, messages: keys });
    await producer.send({ topic: TOPIC, compression: typeOf(DEFAULT_COMPRESSION), messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return newest;
}

/** The customer of a number, just registered. @param {number} number */
export function stateOf(number) {
  return registered(number, number).state;
}

/** @param {number} at */
function timeOf(at) {
  return new Date(Date.UTC(2026, 0, 1) + at).toISOString();
}

/** @param {number} number @param {number} at */
function registered(number, at) {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return registerCustomer(id, customer(number, at), timeOf(at));
}

/** @param {string} topic */
function toTopic(topic) {
  const settings = Object.entries(settingsOf(topic));
  return { topic, numPartitions: 6, configEntries: settings.map(([name, value]) => ({ name, value: String(value) })) };
}

/**
 * @param {number} number
 * @param {{ state: any, hash: string, key: object } | undefined} before
 * @param {number} at
 * @param {any} masterKeys
 */
function nextEvent(number, before, at, masterKeys) {
  const change = before
    ? changeCustomer(before.state, { ...statedBy(before.state), name: named(number, at) }, timeOf(at))
    : registered(number, at);
  const key = before?.key ?? dataKeyOf(randomBytes(32));
  const made = before ? undefined : masterKeys.wrap(change.state.id, key);
  const { entry, hash } = composeChange(customerEvents, before && { state: before.state, hash: before.hash }, change, {
    key,
  });
  return { state: change.state, entry, hash, key, made };
}

/** @param {number} number @param {number} at */
function named(number, at) {
  return { title: `T${at}`, firstName: `First${number}`, lastName: `Last${number % 5_000}` };
}

/** @param {number} number @param {number} at */
function customer(number, at) {
  const address = {
    address1: `${number} Main Street`,
    city: 'Springfield',
    state: 'IL',
    postalCode: `${number % 90_000}`,
  };
  return {
    name: named(number, at),
    contact: { email: `customer${number}@example.com`, primaryPhone: '+1 217 555 0100' },
    addresses: [
      { type: 'SHIPPING', ...address },
      { type: 'BILLING', ...address, description: 'office' },
    ],
    creditCards: [{ type: 'PRIMARY', number: '4111111111111111', expiration: '12/30', nameOnCard: `First${number}` }],
  };
}
