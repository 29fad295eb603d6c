// The plain consumer, as the README of kafkajs has it: each message by itself, with one upsert. It serves the copies.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';

const { PORT, MANAGEMENT_PORT, KAFKA_BOOTSTRAP_SERVERS = '', MONGODB_URI = '' } = process.env;
const TOPIC = 'naive.customers';
const POLL_INTERVAL_MS = 10;

const kafka = new kafkajs.Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: kafkajs.logLevel.NOTHING });
const client = await MongoClient.connect(MONGODB_URI);
const copies = client.db('naive').collection('copies');
await copies.deleteMany({});
const consumer = kafka.consumer({ groupId: 'naive-orders' });
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
let copied = 0;
await consumer.run({
  eachMessage: async ({ message: { value } }) => {
    const { creditCards: _, ...customer } = JSON.parse(String(value)).data.customer;
    const write = { upsert: true, writeConcern: { w: /** @type {const} */ ('majority'), j: true } };
    await copies.replaceOne({ _id: customer.id }, customer, write);
    copied += 1;
  },
});

const app = express();
app.get('/orders/customers/:id', async ({ params: { id }, query: { minVersion = 1 }, headers }, response) => {
  const until = performance.now() + Number(/wait=(\d+)/.exec(String(headers['prefer']))?.[1] ?? 0) * 1000;
  for (;;) {
    const copy = await copies.findOne({ _id: /** @type {any} */ (id) });
    if (copy && copy['version'] >= Number(minVersion)) return response.json(copy);
    if (performance.now() > until) return response.status(404).json({});
    await sleep(POLL_INTERVAL_MS);
  }
});
app.listen(Number(PORT), '127.0.0.1');
// As the service itself has it, for the same question.
createServer((_request, response) =>
  response.end(`subscriber_events_total{topic="${TOPIC}",outcome="applied"} ${copied}\n`),
).listen(Number(MANAGEMENT_PORT), '127.0.0.1');
