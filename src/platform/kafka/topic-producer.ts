import type { ICustomPartitioner, Kafka, Producer } from 'kafkajs';
import type { BusRecord } from '../log/bus.js';
import { PlatformError, unavailable } from '../tools/errors.js';
import { connected, RETRY } from './client.js';
import { sizeOf, toMessage } from './record.js';

/** A broker takes a record batch of about 1 MB (`message.max.bytes`), and a send may be one batch. */
const MAX_BYTES_PER_SEND = 512 * 1024;
/** Milliseconds after which the client asks again how many partitions there are, and who leads them. */
const METADATA_MAX_AGE_MS = 10_000;

/**
 * Publishes to one topic, with a Kafka producer of its own, so that a topic in trouble holds back no other one.
 *
 * One send at a time, and none after a failure with the same producer id: kafkajs takes back its sequence numbers when a
 * send fails, and would give them to a send that waits beside it, which the broker would then drop as a duplicate.
 */
export class TopicProducer {
  private producer: Promise<Producer> | undefined;
  private sending: Promise<unknown> = Promise.resolve();
  /** The partitions that the records of the current send are for. */
  private readonly chosen = new Set<number>();

  /**
   * @param choosePartition kafkajs's own choice
   * @param expect is told how many partitions the topic has; throws when nothing may be published to so many
   */
  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    private readonly choosePartition: ICustomPartitioner,
    private readonly expect: (partitions: number) => void,
  ) {}

  /** Appends the records in order; resolves when every partition has confirmed its own. */
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
   * kafkajs resolves, too, when it has sent the records of some partitions to nobody: of a partition whose leader moves,
   * during its retries, to a broker that has answered for others already.
   */
  private async send(producer: Producer, records: readonly BusRecord[]): Promise<void> {
    const { topic, chosen } = this;
    chosen.clear();
    const answers = await producer.send({ topic, acks: -1, messages: records.map(toMessage) });
    for (const { topicName, partition, errorCode } of answers) {
      if (topicName === topic && errorCode === 0) chosen.delete(partition);
    }
    if (chosen.size === 0) return;
    throw unavailable(`Kafka has not confirmed what was sent to ${topic}, partition ${[...chosen].join(', ')}`);
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
      this.chosen.add(partition);
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

function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(String((error as { type?: unknown }).type));
}

function recordTooLarge(topic: string, cause: unknown): PlatformError {
  return new PlatformError('too-large', 'record-too-large', `${topic} takes no record as large as this`, undefined, {
    cause,
  });
}
