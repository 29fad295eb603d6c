// The plain way to write this system, and the one that loses events: save, then send, each command by itself.
import { randomUUID } from 'node:crypto';
import express from 'express';
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';

const { PORT, KAFKA_BOOTSTRAP_SERVERS = '', MONGODB_URI = '' } = process.env;
const kafka = new kafkajs.Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: kafkajs.logLevel.NOTHING });
const client = await MongoClient.connect(MONGODB_URI);
const customers = client.db('naive').collection('customers');
await customers.deleteMany({});
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'naive.customers', numPartitions: 6 }] });
await admin.disconnect();
const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();

const app = express();
app.use(express.json());
app.post('/accounts/customers', async ({ body }, response) => {
  const now = new Date().toISOString();
  const creditCards = body.creditCards.map(withoutNumber);
  const customer = { id: randomUUID(), version: 1, ...body, creditCards, createdAt: now, updatedAt: now };
  await customers.insertOne({ _id: customer.id, ...customer }, { writeConcern: { w: 'majority', j: true } });
  const event = { type: 'customer.registered', time: now, data: { customer } };
  await producer.send({
    topic: 'naive.customers',
    acks: -1,
    messages: [{ key: customer.id, value: JSON.stringify(event) }],
  });
  response.status(201).json(customer);
});
app.listen(Number(PORT), '127.0.0.1');

/** @param {any} card */
function withoutNumber({ number, ...card }) {
  return { ...card, last4: number.slice(-4) };
}
