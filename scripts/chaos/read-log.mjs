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
const READ_WITHIN_MS = 120_000;

/**
 * Reads the topics of both modules from their beginnings to where they end now.
 * @param {string} brokers
 * @returns {Promise<{ events: LogEvent[], deadLetters: number }>} each partition in its order
 */
export async function readLog(brokers) {
  const { registerCodecs } = await import(new URL('../../dist/platform/kafka/compression.js', import.meta.url).href);
  await registerCodecs();
  const kafka = new kafkajs.Kafka({
    clientId: 'chaos',
    brokers: brokers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 10_000,
    retry: { retries: 10 },
  });
  const [admin, groupId] = [kafka.admin(), `chaos-${randomUUID()}`];
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    const topics = Object.keys(STREAMS);
    /** @type {Map<string, number>} offset at which a partition ends */
    const missing = new Map();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (high !== low) missing.set(`${topic}-${partition}`, Number(high));
    }
    /** @type {LogEvent[]} */
    const events = [];
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const end = missing.get(`${topic}-${partition}`);
        if (end === undefined) return;
        for (const { offset, value } of messages)
          if (Number(offset) < end) events.push(eventOf(topic, partition, Number(offset), String(value)));
        if (Number(messages.at(-1)?.offset) >= end - 1) missing.delete(`${topic}-${partition}`);
      },
    });
    for (const deadline = Date.now() + READ_WITHIN_MS; missing.size > 0; await sleep(50))
      if (Date.now() > deadline) throw new Error(`the log cannot be read: ${[...missing.keys()].join(', ')}`);
    return { events, deadLetters: await countDeadLetters(admin) };
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

/** @param {string} topic @param {number} partition @param {number} offset @param {string} json @returns {LogEvent} */
function eventOf(topic, partition, offset, json) {
  const event = JSON.parse(json);
  const { kind, content } = STREAMS[/** @type {keyof typeof STREAMS} */ (topic)];
  const { hash, ...hashed } = event;
  const digest = createHash('sha256')
    .update(/** @type {string} */ (canonicalize(hashed)))
    .digest('hex');
  return {
    ...{ kind, topic, partition, offset, hash },
    id: event.subject,
    type: event.type.split('.').at(-1),
    eventId: event.id,
    prevhash: event.prevhash,
    isWhole: digest === hash,
    content: { ...content(event.data[kind]), version: Number(event.sequence) },
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
