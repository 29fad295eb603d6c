import type { ICustomPartitioner, Kafka, Producer } from 'kafkajs';
import type { BusRecord } from '../log/bus.js';
import type { Compression } from '../operating/config/kafka-settings.js';
import { PlatformError, unavailable } from '../tools/errors.js';
import { connected, RETRY } from './client.js';
import { typeOf } from './compression.js';
import { sizeOf, toMessage } from './record.js';

/**
 * Brokers accept record batches of up to about 1 MB (`max.message.bytes`), and one send may become one batch. Brokers
 * check the compressed size. This limit and that of an event (`EventLimit`) are about the uncompressed one, because how
 * well an event compresses depends on its content and its neighbours: whether an event can be published must not.
 */
const MAX_BYTES_PER_SEND = 512 * 1024;
/** Interval at which the client refreshes partition counts and leaders. */
const METADATA_MAX_AGE_MS = 10_000;

/**
 * Publishes to one topic, with its own Kafka producer, so that a failing topic does not delay others.
 *
 * It sends one request at a time, and replaces the producer after a failure. kafkajs reuses the sequence numbers of a
 * failed send: if the broker had appended that send, it would drop the next one as a duplicate.
 */
export class TopicProducer {
  private producer: Promise<Producer> | undefined;
  private sending: Promise<unknown> = Promise.resolve();
  /** Partitions of the current send that are not confirmed yet. */
  private readonly unconfirmed = new Set<number>();

  /**
   * @param choosePartition kafkajs's default partitioner
   * @param expect called with the topic's partition count; throws when publishing must stop
   */
  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    private readonly compression: Compression,
    private readonly choosePartition: ICustomPartitioner,
    private readonly expect: (partitions: number) => void,
  ) {}

  /** Appends the records in order. Resolves when all partitions have confirmed them. */
  publish(records: readonly BusRecord[]): Promise<void> {
    const sent = this.sending.then(() => this.sendAll(records));
    this.sending = sent.catch(() => undefined);
    return sent;
  }

  async close(): Promise<void> {
    await this.sending;
    const producer = await this.producer?.catch(() => undefined);
    await producer?.disconnect().catch(() => undefined);
  }

  private async sendAll(records: readonly BusRecord[]): Promise<void> {
    const producer = await this.connect();
    try {
      for (const chunk of chunksOf(records, MAX_BYTES_PER_SEND)) await this.send(producer, chunk);
    } catch (error) {
      this.producer = undefined;
      void producer.disconnect().catch(() => undefined);
      throw isTooLarge(error) ? recordTooLarge(this.topic, error) : error;
    }
  }

  /**
   * Checks that every partition has confirmed. kafkajs also resolves when some records were never sent: if a
   * partition's leader moves, during retries, to a broker that has already answered for other partitions.
   */
  private async send(producer: Producer, records: readonly BusRecord[]): Promise<void> {
    const { topic, unconfirmed } = this;
    const compression = typeOf(this.compression);
    unconfirmed.clear();
    const answers = await producer.send({ topic, acks: -1, compression, messages: records.map(toMessage) });
    for (const { topicName, partition, errorCode } of answers) {
      if (topicName === topic && errorCode === 0) unconfirmed.delete(partition);
    }
    if (unconfirmed.size === 0) return;
    throw unavailable(`Kafka has not confirmed the records sent to ${topic}, partition ${[...unconfirmed].join(', ')}`);
  }

  private connect(): Promise<Producer> {
    this.producer ??= connected(
      this.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: METADATA_MAX_AGE_MS,
        createPartitioner: () => this.partitioner(),
        retry: RETRY,
      }),
      () => (this.producer = undefined),
    );
    return this.producer;
  }

  private partitioner(): ReturnType<ICustomPartitioner> {
    const choose = this.choosePartition();
    return (choice) => {
      this.expect(choice.partitionMetadata.length);
      const partition = choose(choice);
      this.unconfirmed.add(partition);
      return partition;
    };
  }
}

function chunksOf(records: readonly BusRecord[], maxBytes: number): BusRecord[][] {
  const chunks: BusRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = sizeOf(record);
    if (bytes + size > maxBytes) {
      chunks.push([]);
      bytes = 0;
    }
    (chunks.at(-1) as BusRecord[]).push(record);
    bytes += size;
  }
  return chunks;
}

/** True if Kafka refuses a record for its size. */
export function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(String((error as { type?: unknown }).type));
}

function recordTooLarge(topic: string, cause: unknown): PlatformError {
  const message = `the record is too large for ${topic} (max.message.bytes)`;
  return new PlatformError('too-large', 'record-too-large', message, undefined, { cause });
}
