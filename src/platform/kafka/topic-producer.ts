import type { BusRecord } from '../log/bus.js';
import { causesOf } from '../tools/connection-failure.js';
import { PlatformError, unavailable } from '../tools/errors.js';
import { sizeOf } from './record.js';
import type { ConnectedProducer, ProducerOptions, RecordClient } from './record-client.js';

/**
 * Brokers accept record batches of up to about 1 MB (`max.message.bytes`), and one send may become one batch. Brokers
 * check the compressed size. This limit and that of an event (`EventLimit`) are about the uncompressed one, because how
 * well an event compresses depends on its content and its neighbours: whether an event can be published must not.
 */
const MAX_BYTES_PER_SEND = 512 * 1024;

/**
 * Publishes to one topic, with its own Kafka producer, so that a failing topic does not delay others. It sends one
 * request at a time, and replaces the producer after a failure.
 */
export class TopicProducer {
  private producer: Promise<ConnectedProducer> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: RecordClient,
    private readonly options: ProducerOptions,
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
      throw isTooLarge(error) ? recordTooLarge(this.options.topic, error) : error;
    }
  }

  private async send(producer: ConnectedProducer, records: readonly BusRecord[]): Promise<void> {
    const unconfirmed = await producer.send(records);
    if (unconfirmed.length === 0) return;
    const { topic } = this.options;
    throw unavailable(`Kafka has not confirmed the records sent to ${topic}, partition ${unconfirmed.join(', ')}`);
  }

  private async connect(): Promise<ConnectedProducer> {
    const connecting = (this.producer ??= this.client.connectProducer(this.options));
    try {
      return await connecting;
    } catch (error) {
      if (this.producer === connecting) this.producer = undefined;
      throw error;
    }
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

const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** True if Kafka refuses a record for its size. */
export function isTooLarge(error: unknown): boolean {
  return causesOf(error).some(({ type, apiId = type }) => TOO_LARGE.has(String(apiId)));
}

function recordTooLarge(topic: string, cause: unknown): PlatformError {
  const message = `the record is too large for ${topic} (max.message.bytes)`;
  return new PlatformError('too-large', 'record-too-large', message, undefined, { cause });
}
