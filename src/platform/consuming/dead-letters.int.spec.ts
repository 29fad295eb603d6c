import { randomBytes, randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { type DeadLettersFixture, DeadLettersWorld } from '../testing/dead-letters-world.js';
import { eventually } from '../testing/eventually.js';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { silentLogger } from '../testing/silent-logger.js';
import { type GenerationStore, generationsOf } from '../log/generations.js';
import { KafkaBus } from '../kafka/bus.js';
import { MongoProjection } from '../mongodb/projection.js';
import { EmbeddedCopyIndex } from '../embedded/copy-index.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { copyToNewGeneration, deleteGeneration } from '../generations/change-generation.js';
import { browseDeadLettersContract } from './browse-dead-letters.contract.js';
import { deadLettersContract } from './dead-letters.contract.js';
import { discardContract } from './discard.contract.js';
import { type DeadLetter, readOriginals } from './dead-letters.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;

describeWithRealServers('on real servers', () => {
  for (const contract of [deadLettersContract, discardContract, browseDeadLettersContract])
    contract('Kafka, with copies in MongoDB', openFixture);

  it('a record that the dead-letter topic does not take is left where it was, and keeps no other from it', async () => {
    const world = await DeadLettersWorld.open(openFixture);
    try {
      await limitRecords(world.deadLetters, 10_000);
      const poison = { key: Buffer.from('k'), headers: { mine: 'x' } };
      const values = [Buffer.from('small'), randomBytes(50_000), Buffer.from('small, too')];
      await world.publish(...values.map((value) => ({ ...poison, value })));

      await world.consume();

      const deadLetters = await world.list();
      expect(deadLetters.map(({ latest }) => latest.isOmitted)).toEqual([false, true, false]);
      expect(deadLetters.map(({ latest }) => latest.bytes)).toEqual(values.map(({ length }) => length));
      const originals = await readOriginals(world.bus, deadLetters);
      expect(deadLetters.map(({ id }) => originals.get(id))).toMatchObject(
        values.map((value) => ({ ...poison, value })),
      );
    } finally {
      await world.close();
    }
  });

  it('a record that was left where it was is found in its copy, once the topic has had other generations', async () => {
    const world = await DeadLettersWorld.open(openFixture);
    try {
      await limitRecords(world.deadLetters, 10_000);
      const [key, value] = [Buffer.from('k'), randomBytes(50_000)];
      await world.publish(
        { key, value, headers: {} },
        { key: Buffer.from('other'), value: randomBytes(50), headers: {} },
      );
      await world.consume();
      const [letter] = (await world.list()).filter(({ latest }) => latest.isOmitted) as [DeadLetter];

      const store = generationsOf(world.bus) as GenerationStore;
      for (const [former, partitions] of [6, 3, 4].entries()) {
        if (former > 0) await copyToOther(store, world.topic, partitions);
        if (former > 0) await deleteGeneration(store, world.topic, former, randomUUID());
        const original = await eventually(async () => (await readOriginals(world.bus, [letter])).get(letter.id));
        expect(original).toMatchObject({ key, value, ...letter.latest.origin });
      }
    } finally {
      await world.close();
    }
  });
});

async function copyToOther(store: GenerationStore, topic: string, partitions: number): Promise<void> {
  const scratch = await openEmbeddedDatabase('memory');
  try {
    const { signal } = new AbortController();
    const options = {
      store,
      topic,
      run: randomUUID(),
      index: new EmbeddedCopyIndex(scratch.level),
      signal,
    };
    await copyToNewGeneration({ ...options, current: 6, partitions });
  } finally {
    await scratch.close();
  }
}

async function openFixture(): Promise<DeadLettersFixture> {
  const client = { clientId: 'dead-letters-test', brokers: [realServers().kafka] };
  const bus = await KafkaBus.open({ client, partitions: 6, sessionTimeout: 6_000 }, silentLogger);
  const database = mongoTestDatabase();
  const { db } = await database.open();
  return {
    bus,
    copies: new MongoProjection(db.collection('copies')),
    dispose: async () => {
      await bus.close();
      await database.drop();
    },
  };
}

async function limitRecords(topic: string, bytes: number): Promise<void> {
  const admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
  await admin.alterConfigs({ validateOnly: false, resources }).finally(() => admin.disconnect());
}
