// What a replay is measured against: the same documents, written by the plainest loop that batches its writes. It checks
// nothing, catches up with nobody and swaps nothing in.
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';
import { KEYS_TOPIC, TOPIC } from '../load/customer-events.mjs';
import { openerFor } from '../load/sealed-events.mjs';

const { KAFKA_BOOTSTRAP_SERVERS = '', MONGODB_URI = '' } = process.env;
const kafka = new kafkajs.Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: kafkajs.logLevel.NOTHING });
const client = new MongoClient(MONGODB_URI);
const db = client.db('bare');
await db.dropDatabase();
const [customers, history] = [db.collection('customer.accounts'), db.collection('customer.history')];

const admin = kafka.admin();
await admin.connect();
const ends = await admin.fetchTopicOffsets(TOPIC);
const total = ends.reduce((sum, { high }) => sum + Number(high), 0);
await admin.disconnect();

const open = await openerFor(kafka, KEYS_TOPIC, process.env);
const consumer = kafka.consumer({ groupId: `bare-${process.pid}`, maxWaitTimeInMs: 50 });
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
let done = 0;
await new Promise((resolve) => {
  void consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 3,
    eachBatch: async ({ batch: { messages, partition } }) => {
      const events = messages.map(({ value, offset }) => ({
        event: JSON.parse(String(value)),
        offset: Number(offset),
      }));
      const newest = new Map(events.map(({ event }) => [event.subject, event]));
      await Promise.all([
        customers.bulkWrite(
          [...newest.values()].map((event) => toCustomer(open(event))),
          { ordered: false },
        ),
        history.bulkWrite(
          events.map(({ event, offset }) => toEntry(event, partition, offset)),
          { ordered: false },
        ),
      ]);
      done += messages.length;
      if (done >= total) resolve(undefined);
    },
  });
});
await consumer.disconnect();
await client.close();
console.log(`${done} records`);

/** @param {any} event @returns {any} */
function toCustomer({ subject, sequence, hash, data }) {
  const version = Number(sequence);
  return {
    updateOne: {
      filter: { _id: subject, version: { $lt: version } },
      update: { $set: { version, hash, state: data.customer }, $setOnInsert: { pending: [], commands: [] } },
      upsert: true,
    },
  };
}

/** @param {any} event @param {number} partition @param {number} offset @returns {any} */
function toEntry({ subject: id, sequence, type, id: eventId, time, dataschema, data, hash }, partition, offset) {
  const version = Number(sequence);
  const entry = {
    id,
    version,
    type,
    eventId,
    time,
    changed: data.changed,
    hash,
    partition,
    offset,
    sealed: data.sealed,
    schemaVersion: Number(dataschema.split(':v')[1]),
    state: data.customer,
  };
  return { insertOne: { document: { _id: `${id}/${String(version).padStart(15, '0')}`, ...entry } } };
}
