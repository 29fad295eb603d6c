// What the draining of a backlog is measured against: the same copies of the customers, written by the plainest loop that
// batches its writes. It checks nothing.
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';
import { KEYS_TOPIC, TOPIC } from '../load/customer-events.mjs';
import { openerFor } from '../load/sealed-events.mjs';

const { KAFKA_BOOTSTRAP_SERVERS = '', MONGODB_URI = '', EVENTS } = process.env;
const kafka = new kafkajs.Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: kafkajs.logLevel.NOTHING });
const client = new MongoClient(MONGODB_URI);
const db = client.db('bare');
await db.dropDatabase();
const customers = db.collection('customers');
const open = await openerFor(kafka, KEYS_TOPIC, process.env);
const consumer = kafka.consumer({ groupId: `bare-${process.pid}` });
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
let done = 0;
await new Promise((resolve) => {
  void consumer.run({
    partitionsConsumedConcurrently: 3,
    eachBatch: async ({ batch: { messages } }) => {
      const events = messages.map(({ value }) => open(JSON.parse(String(value))));
      const newest = new Map(events.map((event) => [event.subject, event]));
      await customers.bulkWrite([...newest.values()].map(toCopy), { ordered: false });
      done += messages.length;
      if (done >= Number(EVENTS)) resolve(undefined);
    },
  });
});
await consumer.disconnect();
await client.close();

/** @param {any} event @returns {any} */
function toCopy({ subject, sequence, data }) {
  const version = Number(sequence);
  const { creditCards: _, ...state } = data.customer;
  return {
    updateOne: {
      filter: { _id: subject, version: { $lt: version } },
      update: { $set: { version, state } },
      upsert: true,
    },
  };
}
