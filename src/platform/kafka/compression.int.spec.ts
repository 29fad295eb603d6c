import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import library from '@foxglove/wasm-zstd';
import kafkajs, { type Admin } from 'kafkajs';
import { eventually } from '../testing/eventually.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import type { Compression } from '../operating/config/kafka-settings.js';
import { topicHealth } from '../log/topic-health.js';
import { settingsOf } from '../log/topics.js';
import { KafkaBus } from './bus.js';
import { type Codec, typeOf } from './compression.js';
import { loadLibrary } from './platformatic/load.js';

const { CompressionCodecs, ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const codecs = CompressionCodecs as Record<number, () => Codec>;
/** The minimum that a broker accepts. */
const SESSION_TIMEOUT_MS = 6_000;
const RECORDS = 83;

/** A batch that was read, as its attributes say. */
interface Batch {
  readonly compression: Compression;
  readonly compressed: number;
  readonly bytes: number;
}

describeWithEachClient('compressed batches on a real Kafka', (recordClient) => {
  let admin: Admin;
  let topic: string;
  let batches: Batch[];
  let toClose: { close(): Promise<void> }[];
  let unwatch: () => void;

  beforeEach(async () => {
    topic = `topic-${randomUUID()}`;
    [batches, toClose] = [[], []];
    admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const bus = await openBus('none');
    await bus.createTopics([topic]);
    unwatch = recordClient === 'kafkajs' ? watchKafkajs() : await watchOther();
  });

  afterEach(async () => {
    for (const each of toClose.reverse()) await each.close();
    await admin.disconnect();
    unwatch();
  });

  async function openBus(compression?: Compression): Promise<KafkaBus> {
    const client = { clientId: 'compression-test', brokers: [realServers().kafka] };
    const settings = { client, recordClient, partitions: 1, sessionTimeout: SESSION_TIMEOUT_MS };
    const bus = await KafkaBus.open({ ...settings, ...(compression && { compression }) }, silentLogger);
    toClose.push(bus);
    return bus;
  }

  /** Records the batches that are decompressed. Also lets a Node.js without zstd write it, as others do. */
  function watchKafkajs(): () => void {
    const before = { ...codecs };
    for (const compression of ['gzip', 'zstd'] as const) {
      const type = typeOf(compression);
      const { compress, decompress } = (codecs[type] as () => Codec)();
      codecs[type] = () => ({
        compress: compression === 'zstd' ? ({ buffer }) => library.compress(buffer) : compress,
        decompress: (compressed) => {
          const text = decompress(compressed);
          batches.push({ compression, compressed: compressed.length, bytes: text.length });
          return text;
        },
      });
    }
    return () => void Object.assign(codecs, before);
  }

  async function watchOther(): Promise<() => void> {
    const { compressionsAlgorithms: algorithms } = await loadLibrary();
    const mended: (() => void)[] = [];
    for (const compression of ['gzip', 'zstd'] as const) {
      const algorithm = algorithms[compression]!;
      const { decompressSync } = algorithm;
      algorithm.decompressSync = (compressed) => {
        const text = decompressSync(compressed);
        batches.push({ compression, compressed: compressed.length, bytes: text.length });
        return text;
      };
      mended.push(() => (algorithm.decompressSync = decompressSync));
    }
    return () => mended.forEach((mend) => mend());
  }

  async function publish(compression: Compression | undefined, round: string): Promise<void> {
    const records = Array.from({ length: RECORDS }, (_, i) =>
      record(`key-${i}`, `{"customer":"${i}","round":"${round}"}`),
    );
    await (await openBus(compression)).publish(topic, records);
  }

  const roundsOf = (recorder: Recorder) =>
    recorder.values.map((value) => (JSON.parse(value) as { round: string }).round);
  const rounds = (...names: string[]) => names.flatMap((name) => Array<string>(RECORDS).fill(name));

  async function consume(recorder: Recorder) {
    const consumer = await (await openBus()).consume(randomUUID(), new Map([[topic, recorder.handler()]]));
    toClose.push({ close: () => consumer.stop() });
    return consumer;
  }

  async function readLog(recorder: Recorder) {
    const reader = await (await openBus()).read([topic], recorder.handler());
    toClose.push({ close: () => reader.stop() });
    return reader;
  }

  it('are what a bus writes by default', async () => {
    await publish(undefined, '1');
    const recorder = new Recorder();
    await (await readLog(recorder)).caughtUp();

    expect(roundsOf(recorder)).toEqual(rounds('1'));
    expect(batches).toHaveLength(1);
    expect(batches.every(({ compressed, bytes }) => compressed < bytes / 2)).toBe(true);
  });

  it('are read in order beside others of another compression, by the consumer and by the log reader', async () => {
    for (const [round, compression] of (['none', 'gzip', 'zstd', 'none', 'zstd', 'gzip'] as const).entries()) {
      await publish(compression, String(round));
    }
    const all = rounds('0', '1', '2', '3', '4', '5');
    const [consumed, read] = [new Recorder(), new Recorder()];

    await (await readLog(read)).caughtUp();
    expect(roundsOf(read)).toEqual(all);
    expect(batches.map(({ compression }) => compression)).toEqual(['gzip', 'zstd', 'zstd', 'gzip']);
    await consume(consumed);
    await eventually(() => expect(roundsOf(consumed)).toEqual(all));
  });

  it('are awaited, not skipped, if their compression cannot be read, and the reason is told', async () => {
    await publish('gzip', 'before');
    const setType = (type: string) => {
      const settings = Object.entries({ ...settingsOf(topic), 'compression.type': type });
      const configEntries = settings.map(([name, value]) => ({ name, value }));
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
      return admin.alterConfigs({ validateOnly: false, resources });
    };
    const bus = await openBus();
    const health = () => topicHealth(bus, [topic]).check();
    await eventually(async () => expect(await health()).toEqual({ up: true }));
    await setType('lz4');
    await eventually(async () =>
      expect(await health()).toEqual({
        up: false,
        detail: `${topic} cannot be read: compression.type is lz4, not producer, zstd, gzip or uncompressed`,
      }),
    );
    await publish('gzip', 'lz4');

    const reason = 'a record batch is compressed with lz4, but only zstd, gzip and none can be read';
    const reader = readLog(new Recorder());
    await expect(reader.then((log) => log.caughtUp())).rejects.toThrow(reason);
    const recorder = new Recorder();
    const consumer = await consume(recorder);
    await eventually(() => {
      const { up, detail } = consumer.health();
      expect({ up, detail }).toEqual({ up: false, detail: expect.stringContaining(`stopped: ${reason}`) });
    });
    // The other compression was in the same response, so it waits, too.
    expect(recorder.records).toEqual([]);

    // Only an operator can give the batch up.
    await setType('producer');
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(2 * RECORDS) }] });
    await publish('gzip', 'after');
    await eventually(() => expect(roundsOf(recorder)).toEqual(rounds('after')));
    await eventually(() => expect(consumer.health()).toEqual({ up: true }));
  });
});
