import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { post } from './support/http.js';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { openWithKeysIn } from './support/open-records.js';
import { readEmbeddedLog, readKafka, TOPICS, WITH_KEYS } from './support/read-log.js';
import { readDocuments } from './support/read-documents.js';
import { describeWithRealServers, masterKeysFile, realServers } from '../src/platform/testing/real-servers.js';
import { customerInput } from './support/requests.js';
import { serve, temporaryDirectory } from './support/run-process.js';

/** A digest as earlier versions stored it, which had the number of a card in it. */
const OLD_DIGEST = digestsOf(customerInput('Old'))[2] as string;

describe('a digest of a card number on the embedded backends', () => {
  it('is not on disk, and what an earlier version left of them goes', async () => {
    const DATA_DIR = temporaryDirectory();
    const before = await serve({ DATA_DIR }).ready();
    const { id } = await registerUnderKey(before.url);
    expect(await before.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await leaveOldDigest(join(DATA_DIR, 'accounts'), id);
    const contents = () =>
      readdirSync(DATA_DIR, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
        .join('\n');
    expect(contents()).toContain(OLD_DIGEST);

    const running = await serve({ DATA_DIR, LOG_LEVEL: 'trace' }).ready();
    const input = await registerUnderKey(running.url);
    await eventually(() => expect(contents()).not.toContain(OLD_DIGEST));
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const log = await readEmbeddedLog(DATA_DIR, WITH_KEYS);
    const event = await openRegistration(log, input.id, join(DATA_DIR, 'master-keys'));
    const everything = contents() + event + running.output;
    expect(everything).toContain('Cardholder');
    expect(digestsOf(input).filter((digest) => everything.includes(digest))).toEqual([]);
  });
});

describeWithRealServers('a digest of a card number on Kafka and MongoDB', () => {
  it('is in no document and no record, and what an earlier version left of them goes', async () => {
    const { kafka, mongodb } = realServers();
    const settings = { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
    const before = await serve(settings).ready();
    const { id: old } = await registerUnderKey(before.url);
    expect(await before.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const client = new MongoClient(mongodb);
    const customers = client.db('accounts').collection<{ _id: string }>('customer.accounts');
    await customers.updateOne({ _id: old }, { $set: { commands: oldCommands() } });
    await client.close();

    const running = await serve({ ...settings, LOG_LEVEL: 'trace' }).ready();
    const input = await registerUnderKey(running.url);
    const documentOf = async (id: string) =>
      (await readDocuments(mongodb, 'accounts', 'customer.accounts', [id])).get(id);
    await eventually(async () =>
      expect((await documentOf(old))?.commands).toEqual([{ key: 'k', at: expect.any(String), version: 1 }]),
    );
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const document = JSON.stringify(await documentOf(input.id));
    expect(document).toContain('"request"');
    const event = await openRegistration(await readKafka(kafka, WITH_KEYS), input.id, masterKeysFile());
    const everything = document + event + running.output;
    expect(event).toContain('Cardholder');
    expect(digestsOf(input).filter((digest) => everything.includes(digest))).toEqual([]);
  });
});

/** The one event of a customer, with what is sealed in it. */
async function openRegistration(log: readonly LoggedRecord[], id: string, keysFile: string): Promise<string> {
  const isEvent = ({ topic }: LoggedRecord) => TOPICS.some((each) => each === topic);
  const records = log.filter((record) => isEvent(record) && String(record.key) === id);
  expect(records).toHaveLength(1);
  return JSON.stringify(await (await openWithKeysIn(log, keysFile))(records[0]!));
}

async function registerUnderKey(url: string) {
  const input = customerInput('Cardholder');
  const answer = await post(`${url}/accounts/customers`, input, { 'idempotency-key': randomUUID() });
  expect(answer.status).toBe(201);
  return { ...input, id: answer.body.id as string };
}

/** Leaves a customer as an earlier version did, which had no index of the commands that it remembered. */
async function leaveOldDigest(directory: string, id: string): Promise<void> {
  const database = await openEmbeddedDatabase(directory);
  const documents = database.level.sublevel<string, object>('customer.accounts', { valueEncoding: 'json' });
  await documents.put(id, { ...(await documents.get(id)), commands: oldCommands() });
  await database.level.sublevel('customer.accounts.remembering', {}).clear();
  await database.close();
}

function oldCommands() {
  return [{ key: 'k', fingerprint: OLD_DIGEST, at: new Date().toISOString(), version: 1 }];
}

/** Of a request, in the form that earlier versions took and as it was sent, each in hex, base64 and base64url. */
function digestsOf({ id: _, ...input }: ReturnType<typeof customerInput> & { id?: string }): string[] {
  const texts = [JSON.stringify(sorted(input)), JSON.stringify(input), input.creditCards[0]?.number as string];
  return texts.flatMap((text) =>
    (['hex', 'base64', 'base64url'] as const).map((form) =>
      createHash('sha256').update(text).digest(form).replace(/=+$/, ''),
    ),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
