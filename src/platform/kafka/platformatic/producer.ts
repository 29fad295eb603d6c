import type { BusRecord, HeaderValue } from '../../log/bus.js';
import { withTimeout } from '../../tools/timeout.js';
import { explained } from '../errors.js';
import { partitionOf } from '../partitioning.js';
import type { ConnectedProducer, ProducerOptions } from '../record-client.js';
import type { ClientOptions, Library, Message, Producer } from './library.js';

/** With fewer, an idempotent producer of the library retries without end. */
export const PRODUCER_RETRIES = 2;

/** A producer of one topic. Its records get the partitions that every other client of Kafka chooses by default. */
export class PlatformaticProducer implements ConnectedProducer {
  private readonly producer: Producer;
  private readonly timeoutMs: number;

  constructor(
    library: Library,
    client: ClientOptions,
    private readonly options: ProducerOptions,
  ) {
    this.producer = new library.Producer({ ...client, idempotent: true });
    // A request that got no answer, and one to the next leader.
    this.timeoutMs = 2 * client.requestTimeout + client.connectTimeout;
  }

  /** @throws Error when no broker answers */
  async connect(): Promise<void> {
    try {
      await withTimeout(this.timeoutMs, this.producer.metadata({ topics: [] }));
    } catch (error) {
      void this.disconnect().catch(() => undefined);
      throw explained(error);
    }
  }

  async send(records: readonly BusRecord[]): Promise<readonly number[]> {
    const { topic, compression } = this.options;
    try {
      const partitions = await this.countPartitions();
      this.options.expect(partitions);
      const messages = records.map((record) => toMessage(topic, partitions, record));
      const { offsets = [] } = await withTimeout(this.timeoutMs, this.producer.send({ messages, compression }));
      const unconfirmed = new Set(messages.map(({ partition }) => partition));
      for (const each of offsets) if (each.topic === topic) unconfirmed.delete(each.partition);
      return [...unconfirmed];
    } catch (error) {
      throw explained(error);
    }
  }

  disconnect(): Promise<void> {
    return this.producer.close(true);
  }

  /** Asks Kafka if the last answer is too old. */
  private async countPartitions(): Promise<number> {
    const { topic } = this.options;
    const { topics } = await withTimeout(this.timeoutMs, this.producer.metadata({ topics: [topic] }));
    return topics.get(topic)?.partitionsCount ?? 0;
  }
}

function toMessage(topic: string, partitions: number, { key, value, headers }: BusRecord): Message {
  const partition = key === null ? Math.floor(Math.random() * partitions) : partitionOf(key, partitions);
  return { topic, partition, key, value, headers: toHeaders(headers) };
}

function toHeaders(headers: BusRecord['headers']): ReadonlyMap<Buffer, Buffer> {
  const pairs = new Map<Buffer, Buffer>();
  for (const [name, values] of Object.entries(headers)) {
    if (typeof values === 'string' || Buffer.isBuffer(values)) pairs.set(Buffer.from(name), toBytes(values));
    else for (const value of values) pairs.set(Buffer.from(name), toBytes(value));
  }
  return pairs;
}

function toBytes(value: HeaderValue): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
