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
app.use(express.json({ type: ['application/json', 'application/merge-patch+json'] }));
app.post('/accounts/customers', async ({ body }, response) => {
  const now = new Date().toISOString();
  const creditCards = (body.creditCards ?? []).map(withoutNumber);
  const customer = { id: randomUUID(), version: 1, ...body, creditCards, createdAt: now, updatedAt: now };
  await customers.insertOne({ _id: customer.id, ...customer }, { writeConcern: { w: 'majority', j: true } });
  await send('customer.registered', customer);
  response.status(201).json(customer);
});
app.patch('/accounts/customers/:id', async ({ params: { id }, body }, response) => {
  const before = await customers.findOne({ _id: /** @type {any} */ (id) });
  const version = before?.version + 1;
  const customer = { ...before, version, name: { ...before?.name, ...body.name }, updatedAt: new Date().toISOString() };
  await customers.replaceOne({ _id: /** @type {any} */ (id) }, customer, { writeConcern: { w: 'majority', j: true } });
  await send('customer.changed', customer);
  response.json(customer);
});
app.listen(Number(PORT), '127.0.0.1');

/** @param {string} type @param {any} customer */
function send(type, customer) {
  const value = JSON.stringify({ type, time: customer.updatedAt, data: { customer } });
  return producer.send({ topic: 'naive.customers', acks: -1, messages: [{ key: customer.id, value }] });
}

/** @param {any} card */
function withoutNumber({ number, ...card }) {
  return { ...card, last4: number.slice(-4) };
}
