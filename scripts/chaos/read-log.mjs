import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import canonicalize from 'canonicalize';
import kafkajs from 'kafkajs';
import { customerContent, orderContent } from './facts.mjs';

/** @typedef {import('./facts.mjs').LogEvent} LogEvent */

const STREAMS = {
  'accounts.customer.change': { kind: /** @type {const} */ ('customer'), content: customerContent },
  'orders.order.change': { kind: /** @type {const} */ ('order'), content: orderContent },
};
const KEYS = 'accounts.customer.keys';
const READ_WITHIN_MS = 120_000;

/**
 * Reads the topics of both modules from their beginnings to where they end now.
 * @param {string} brokers
 * @param {import('./open-log.mjs').LogOpener} opener
 * @returns {Promise<{ events: LogEvent[], deadLetters: number }>} each partition in its order
 */
export async function readLog(brokers, opener) {
  const { registerCodecs } = await import(new URL('../../dist/platform/kafka/compression.js', import.meta.url).href);
  await registerCodecs();
  const kafka = new kafkajs.Kafka({
    clientId: 'chaos',
    brokers: brokers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 10_000,
    retry: { retries: 10 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // A key is published before the first event of its customer.
    await readTopics(kafka, admin, [KEYS], async ({ messages }) => opener.learn(messages));
    /** @type {LogEvent[]} */
    const events = [];
    await readTopics(kafka, admin, Object.keys(STREAMS), async ({ topic, partition, messages }) => {
      const parsed = messages.map(({ value }) => JSON.parse(String(value)));
      const opened = await opener.open(parsed);
      for (const [index, { offset }] of messages.entries())
        events.push(eventOf({ topic, partition, offset: Number(offset) }, parsed[index], opened[index]));
    });
    return { events, deadLetters: await countDeadLetters(admin) };
  } finally {
    await admin.disconnect();
  }
}

/** @typedef {{ topic: string, partition: number, messages: import('kafkajs').KafkaMessage[] }} Batch */

/**
 * Handles all messages that topics have now.
 * @param {import('kafkajs').Kafka} kafka @param {import('kafkajs').Admin} admin
 * @param {string[]} topics
 * @param {(batch: Batch) => Promise<void>} handle once for each batch; its error ends the reading
 */
async function readTopics(kafka, admin, topics, handle) {
  const groupId = `chaos-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  try {
    /** @type {Map<string, number>} offset at which a partition ends */
    const missing = new Map();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (high !== low) missing.set(`${topic}-${partition}`, Number(high));
    }
    /** @type {unknown} */
    let failure;
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const end = missing.get(`${topic}-${partition}`);
        if (end === undefined || failure !== undefined) return;
        try {
          await handle({ topic, partition, messages: messages.filter(({ offset }) => Number(offset) < end) });
        } catch (error) {
          // Thrown here, it would have the batch delivered again.
          failure = error;
        }
        if (Number(messages.at(-1)?.offset) >= end - 1) missing.delete(`${topic}-${partition}`);
      },
    });
    for (const deadline = Date.now() + READ_WITHIN_MS; missing.size > 0; await sleep(50)) {
      if (failure !== undefined) throw failure;
      if (Date.now() > deadline) throw new Error(`the log cannot be read: ${[...missing.keys()].join(', ')}`);
    }
    if (failure !== undefined) throw failure;
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

/**
 * @param {{ topic: string, partition: number, offset: number }} place
 * @param {any} event as it was published
 * @param {any} data with what was sealed
 * @returns {LogEvent}
 */
function eventOf(place, event, data) {
  const { kind, content } = STREAMS[/** @type {keyof typeof STREAMS} */ (place.topic)];
  const { hash, ...hashed } = event;
  const digest = createHash('sha256')
    .update(/** @type {string} */ (canonicalize(hashed)))
    .digest('hex');
  return {
    ...{ kind, ...place, hash },
    id: event.subject,
    type: event.type.split('.').at(-1),
    eventId: event.id,
    prevhash: event.prevhash,
    isWhole: digest === hash,
    content: { ...content(data[kind]), version: Number(event.sequence) },
  };
}

/** @param {import('kafkajs').Admin} admin */
async function countDeadLetters(admin) {
  let count = 0;
  for (const topic of await admin.listTopics()) {
    if (!topic.endsWith('.dlt')) continue;
    for (const { low, high } of await admin.fetchTopicOffsets(topic)) count += Number(high) - Number(low);
  }
  return count;
}
