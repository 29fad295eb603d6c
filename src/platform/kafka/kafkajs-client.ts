import type { Consumer, ICustomPartitioner, Kafka, Producer } from 'kafkajs';
import { connected, RETRY } from './client.js';
import { MAX_FETCH_BYTES, typeOf } from './compression.js';
import type { Assignment } from './lag.js';
import { KafkaJsFetcher } from './kafkajs-fetcher.js';
import { byKey } from './partitioning.js';
import { toMessage } from './record.js';
import type {
  BatchHandler,
  ConnectedFetcher,
  ConnectedProducer,
  Member,
  MemberOptions,
  ProducerOptions,
  RecordClient,
} from './record-client.js';

/** Interval at which the client refreshes partition counts and leaders. */
const METADATA_MAX_AGE_MS = 10_000;

/** Sends and fetches with kafkajs. */
export class KafkaJsClient implements RecordClient {
  constructor(private readonly kafka: Kafka) {}

  async connectProducer(options: ProducerOptions): Promise<ConnectedProducer> {
    const producer = new KafkaJsProducer(this.kafka, options);
    await producer.connect();
    return producer;
  }

  newMember(options: MemberOptions): Member {
    return new KafkaJsMember(this.kafka, options);
  }

  connectFetcher(): Promise<ConnectedFetcher> {
    return KafkaJsFetcher.connect(this.kafka);
  }
}

/**
 * kafkajs reuses the sequence numbers of a failed send: if the broker had appended that send, it would drop the next one
 * as a duplicate. So a producer is not used again after a failure.
 */
class KafkaJsProducer implements ConnectedProducer {
  private readonly producer: Producer;
  /** Partitions of the current send that are not confirmed yet. */
  private readonly unconfirmed = new Set<number>();

  constructor(
    kafka: Kafka,
    private readonly options: ProducerOptions,
  ) {
    this.producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      createPartitioner: () => this.partitioner(),
      retry: RETRY,
    });
  }

  async connect(): Promise<void> {
    await connected(this.producer, () => undefined);
  }

  /**
   * Checks that every partition has confirmed. kafkajs also resolves when some records were never sent: if a
   * partition's leader moves, during retries, to a broker that has already answered for other partitions.
   */
  async send(records: Parameters<ConnectedProducer['send']>[0]): Promise<readonly number[]> {
    const { unconfirmed, options } = this;
    const { topic } = options;
    const compression = typeOf(options.compression);
    unconfirmed.clear();
    const answers = await this.producer.send({ topic, acks: -1, compression, messages: records.map(toMessage) });
    for (const { topicName, partition, errorCode } of answers) {
      if (topicName === topic && errorCode === 0) unconfirmed.delete(partition);
    }
    return [...unconfirmed];
  }

  disconnect(): Promise<void> {
    return this.producer.disconnect();
  }

  private partitioner(): ReturnType<ICustomPartitioner> {
    const choose = byKey();
    return (choice) => {
      this.options.expect(choice.partitionMetadata.length);
      const partition = choose(choice);
      this.unconfirmed.add(partition);
      return partition;
    };
  }
}

class KafkaJsMember implements Member {
  readonly hasGroup = true;
  private readonly consumer: Consumer;

  constructor(
    kafka: Kafka,
    private readonly options: MemberOptions,
  ) {
    const { group, sessionTimeout, maxWaitMs, retries, mayRestart } = options;
    this.consumer = kafka.consumer({
      groupId: group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout * 2,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      maxWaitTimeInMs: maxWaitMs,
      maxBytesPerPartition: MAX_FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: {
        retries,
        maxRetryTime: retries > RETRY.retries ? 2_000 : RETRY.maxRetryTime,
        restartOnFailure: () => Promise.resolve(mayRestart()),
      },
    });
    this.report();
  }

  async start(topics: readonly string[], handle: BatchHandler): Promise<void> {
    const { consumer, options } = this;
    await consumer.stop();
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: !options.commits,
      partitionsConsumedConcurrently: options.concurrency,
      eachBatch: handle,
    });
  }

  seek(position: { topic: string; partition: number; offset: string }): void {
    this.consumer.seek(position);
  }

  disconnect(): Promise<void> {
    return this.consumer.disconnect();
  }

  /** Fetches none of the partitions that are not meant. */
  private pauseOthers(assigned: Assignment): void {
    const { mayFetch } = this.options;
    if (!mayFetch) return;
    for (const [topic, all] of assigned) {
      const partitions = all.filter((partition) => !mayFetch(topic, partition));
      if (partitions.length > 0) this.consumer.pause([{ topic, partitions }]);
    }
  }

  private report(): void {
    const { consumer } = this;
    const { events } = consumer;
    const { on } = this.options;
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      const assigned = new Map(Object.entries(payload.memberAssignment));
      this.pauseOthers(assigned);
      on.join(assigned);
    });
    consumer.on(events.CRASH, ({ payload }) => on.crash(payload.error, payload.restart));
    if (on.fetch) consumer.on(events.FETCH, () => on.fetch?.());
    if (on.heartbeat) consumer.on(events.HEARTBEAT, () => on.heartbeat?.());
    // kafkajs does not deliver a batch that has only transaction markers, but it emits this event for it.
    consumer.on(events.END_BATCH_PROCESS, ({ payload: { batchSize, topic, partition, firstOffset, lastOffset } }) => {
      if (batchSize === 0) on.emptyBatch?.(topic, partition, Number(firstOffset), Number(lastOffset));
    });
  }
}
