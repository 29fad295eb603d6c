// Fills `accounts.customer.change` with events as accounts would have published them.
import kafkajs from 'kafkajs';

const built = (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { registerCustomer, changeCustomer, statedBy } = await built('accounts/domain/customer.js');
const { customerEvents } = await built('accounts/messages/customer-events.js');
const { composeChange } = await built('platform/aggregate/pending-event.js');
const { DEFAULT_COMPRESSION } = await built('platform/operating/config/kafka-settings.js');
const { registerCodecs, typeOf } = await built('platform/kafka/compression.js');

export const TOPIC = customerEvents.topic;
const BATCH = 2_000;

// So that this process reads and writes what the services do.
await registerCodecs();

/**
 * Publishes that many events of that many customers, each customer's in order of version and all customers' mixed.
 * @param {string} brokers
 * @param {{ events: number, customers: number }} size
 */
export async function publishCustomerEvents(brokers, { events, customers }) {
  const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
  const [admin, producer] = [
    kafka.admin(),
    kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner }),
  ];
  await Promise.all([admin.connect(), producer.connect()]);
  const configEntries = ['retention.ms', 'retention.bytes'].map((name) => ({ name, value: '-1' }));
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 6, configEntries }] });
  /** @type {Map<number, { state: any, hash: string }>} */
  const newest = new Map();
  for (let published = 0; published < events;) {
    const messages = [];
    for (; messages.length < BATCH && published < events; published += 1) {
      const number = published % customers;
      const next = nextEvent(number, newest.get(number), published);
      newest.set(number, next);
      messages.push({ key: next.state.id, value: next.entry.json });
    }
    await producer.send({ topic: TOPIC, compression: typeOf(DEFAULT_COMPRESSION), messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
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

/** @param {number} number @param {{ state: any, hash: string } | undefined} before @param {number} at */
function nextEvent(number, before, at) {
  const change = before
    ? changeCustomer(before.state, { ...statedBy(before.state), name: named(number, at) }, timeOf(at))
    : registered(number, at);
  return { state: change.state, ...composeChange(customerEvents, before, change) };
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
