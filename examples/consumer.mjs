// A service of another team, in short: it keeps copies of customers and orders, and forgets persons who were erased.
//   KAFKA_BOOTSTRAP_SERVERS=localhost:9092 MASTER_KEY_FILE=master-keys node examples/consumer.mjs
// It prints a line for each event that it applies and each person that it forgets: docs/for-consumers.md has the rules.
import { createDecipheriv, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';

const KEYS = 'accounts.customer.keys';
const { KAFKA_BOOTSTRAP_SERVERS = 'localhost:9092', MASTER_KEY_FILE } = process.env;
const lines = MASTER_KEY_FILE ? readFileSync(MASTER_KEY_FILE, 'utf8').split('\n') : [];
const masterKeys = new Map(lines.filter((line) => /^[^#\s]/.test(line)).map((line) => line.trim().split(/\s+/)));
const dictionary = readFileSync(new URL('dictionary-d1.txt', import.meta.url));

/** By customer: the key, or null after an erasure, so that no key is taken for that id again. */
const keys = new Map();
/** By id of a customer or an order: the newest state. A real service keeps these, and the offsets, in its database. */
const copies = new Map();
const print = (line) => console.log(JSON.stringify(line));

function decrypt(secret, base64, boundTo) {
  const bytes = Buffer.from(base64, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12));
  cipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
}

function takeKey({ key, value }) {
  const customerId = String(key);
  if (value === null) return forget(customerId);
  const { kid, wrapped, master } = JSON.parse(String(value));
  const masterKey = masterKeys.get(master);
  const secret = masterKey && decrypt(Buffer.from(masterKey, 'base64'), wrapped, customerId);
  if (keys.get(customerId) !== null) keys.set(customerId, { kid, secret });
}

function forget(customerId) {
  if (keys.get(customerId) === null) return;
  keys.set(customerId, null);
  for (const copy of copies.values()) if (copy.customerId === customerId) delete copy.data;
  print({ forgotten: customerId });
}

/** Returns the data with its personal part, if that is in clear or can be opened. */
function open({ subject, sequence, type, dataschema, data: { sealed, ...data } }, customerId) {
  const { kid, secret } = keys.get(customerId) ?? {};
  if (!sealed || !secret || kid !== sealed.kid) return data;
  const box = decrypt(secret, sealed.box, [subject, sequence, type, dataschema].join('|'));
  const personal = JSON.parse(String(zlib.inflateRawSync(box, { dictionary })));
  for (const [pointer, value] of Object.entries(personal)) {
    const names = pointer.split('/').slice(1);
    const [last, ...path] = names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')).reverse();
    path.reverse().reduce((parent, name) => (parent[name] ??= {}), data)[last] = value;
  }
  return data;
}

async function apply({ key, value, headers }) {
  // The end of a generation of the topic, which is no event.
  if ('fence' in headers) return;
  const copy = copies.get(String(key)) ?? { sequence: 0 };
  // Headers suffice to skip what is known, and types that one does not need. Older records have none.
  if (Number(headers.ce_sequence) <= copy.sequence) return;
  const event = JSON.parse(String(value));
  const { type, subject, data } = event;
  const sequence = Number(event.sequence);
  if (sequence <= copy.sequence) return;
  const customerId = data.customer?.id ?? data.order?.customerId;
  if (type === 'accounts.customer.erased') forget(customerId);
  // The key is published before the first event: if it is not there now, it is gone.
  if (data.sealed && !keys.has(customerId)) await readKeysToTheirEnd();
  const opened = keys.get(customerId) === null ? undefined : open(event, customerId);
  copies.set(subject, { sequence, customerId, data: opened });
  print({ type, subject, sequence, data: opened });
}

if (zlib.zstdDecompressSync) {
  const zstd = { compress: ({ buffer }) => zlib.zstdCompressSync(buffer), decompress: zlib.zstdDecompressSync };
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => zstd;
}
const kafka = new kafkajs.Kafka({ brokers: KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: kafkajs.logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
const hasKeys = (await admin.listTopics()).includes(KEYS);
/** The next offset of each partition of the keys. */
const read = new Map();

async function consume(topics, handle) {
  // Copies in memory begin empty, and so does the group.
  const consumer = kafka.consumer({ groupId: `example-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ partition, message }) => handle(message, partition) });
}

async function readKeysToTheirEnd() {
  for (const { partition, low, high } of hasKeys ? await admin.fetchTopicOffsets(KEYS) : []) {
    while (Number(low) < Number(high) && (read.get(partition) ?? 0) < Number(high)) await sleep(50);
  }
}

if (hasKeys) {
  await consume([KEYS], (message, partition) => {
    takeKey(message);
    read.set(partition, Number(message.offset) + 1);
  });
}
await readKeysToTheirEnd();
await consume(['accounts.customer.change', 'orders.order.change'], apply);
