// What is in the topic of customers, and how far its consumers are.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';

const { registerCodecs } = await import(new URL('../../dist/platform/kafka/compression.js', import.meta.url).href);

export const TOPIC = 'accounts.customer.change';

// So that this process reads what the services publish.
await registerCodecs();

/** @typedef {ReadonlyMap<number, number>} Offsets by partition */

/** @param {NodeJS.ProcessEnv} env */
const clientOf = (env) =>
  new kafkajs.Kafka({
    brokers: String(env.KAFKA_BOOTSTRAP_SERVERS).split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  });

/** @param {NodeJS.ProcessEnv} env */
export async function openAdmin(env) {
  const admin = clientOf(env).admin();
  await admin.connect();
  return admin;
}

/** The next offset of each partition. @param {import('kafkajs').Admin} admin @returns {Promise<Offsets>} */
export async function endsOf(admin, topic = TOPIC) {
  const ends = await admin.fetchTopicOffsets(topic);
  return new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
}

/** The offset that a group has committed in each partition. @param {import('kafkajs').Admin} admin @param {string} groupId @returns {Promise<Offsets>} */
export async function committedBy(admin, groupId, topic = TOPIC) {
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(group?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
}

/** Events that a group has not read yet. @param {import('kafkajs').Admin} admin @param {string} groupId */
export async function lagOf(admin, groupId, topic = TOPIC) {
  const [ends, done] = await Promise.all([endsOf(admin, topic), committedBy(admin, groupId, topic)]);
  // The two were asked at the same moment, not for the same.
  return [...ends].reduce((sum, [partition, end]) => sum + Math.max(0, end - (done.get(partition) ?? 0)), 0);
}

/** Resolves when a group has read everything. @param {import('kafkajs').Admin} admin @param {string} groupId */
export async function caughtUp(admin, groupId) {
  while ((await lagOf(admin, groupId)) > 0) await sleep(50);
}

/**
 * Counts the events from these offsets on, and those of them that are in the log already.
 * @param {NodeJS.ProcessEnv} env @param {Offsets} from @param {Offsets} to
 * @returns {Promise<{ events: number, duplicates: number }>}
 */
export async function countEvents(env, from, to) {
  const consumer = clientOf(env).consumer({
    groupId: `bench-${process.pid}-${performance.now()}`,
    maxWaitTimeInMs: 50,
  });
  const left = new Map([...to].filter(([partition, end]) => end > (from.get(partition) ?? 0)));
  const seen = new Set();
  let events = 0;
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
    await new Promise((resolve) => {
      if (left.size === 0) resolve(undefined);
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          for (const { offset, value } of messages) {
            if (Number(offset) < (from.get(partition) ?? 0) || Number(offset) >= (to.get(partition) ?? 0)) continue;
            const { subject, sequence } = JSON.parse(String(value));
            seen.add(`${subject} ${sequence}`);
            events += 1;
          }
          if (Number(messages.at(-1)?.offset) >= (to.get(partition) ?? 0) - 1) left.delete(partition);
          if (left.size === 0) resolve(undefined);
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return { events, duplicates: events - seen.size };
}
