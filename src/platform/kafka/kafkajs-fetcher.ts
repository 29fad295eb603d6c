import type { Kafka, KafkaMessage } from 'kafkajs';
import type { ConnectedFetcher } from './record-client.js';

const READ_COMMITTED = 1;
/** The broker returns a whole batch, also if that is larger. */
const MAX_BYTES = 1;

interface FetchRequest {
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: number;
      readonly maxBytes: number;
    }[];
  }[];
}

interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly KafkaMessage[] }[] }[];
}

/** The part of kafkajs's class of this name that a single request needs. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, unknown>>;
  findBroker(broker: { readonly nodeId: string }): Promise<{ fetch(request: FetchRequest): Promise<FetchResponse> }>;
}

type CreateCluster = (options: { readonly allowAutoTopicCreation: boolean }) => Cluster;

/** kafkajs can fetch only within a consumer group, and joining takes seconds. So this uses its internals (docs/patched-packages.md). */
export class KafkaJsFetcher implements ConnectedFetcher {
  private constructor(private readonly cluster: Cluster) {}

  static async connect(kafka: Kafka): Promise<KafkaJsFetcher> {
    const cluster = createCluster(kafka);
    await cluster.connect();
    return new KafkaJsFetcher(cluster);
  }

  fetch(topic: string, partition: number, offset: number): Promise<readonly KafkaMessage[]> {
    return fetchFrom(this.cluster, topic, partition, offset);
  }

  disconnect(): Promise<void> {
    return this.cluster.disconnect();
  }
}

async function fetchFrom(
  cluster: Cluster,
  topic: string,
  partition: number,
  fetchOffset: number,
): Promise<readonly KafkaMessage[]> {
  await cluster.addTargetTopic(topic);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`${topic} has no partition ${partition}`);
  const broker = await cluster.findBroker({ nodeId });
  const partitions = [{ partition, fetchOffset, maxBytes: MAX_BYTES }];
  const { responses } = await broker.fetch({
    ...{ isolationLevel: READ_COMMITTED, maxWaitTime: 0, minBytes: 0, maxBytes: MAX_BYTES },
    topics: [{ topic, partitions }],
  });
  return responses[0]?.partitions[0]?.messages ?? [];
}

/** @throws Error when kafkajs does not have the internals */
function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(':createCluster'));
  const create = symbol && (kafka as unknown as Readonly<Record<symbol, CreateCluster>>)[symbol];
  if (!create) throw new Error('unsupported kafkajs: it has no createCluster (docs/patched-packages.md)');
  return create({ allowAutoTopicCreation: false });
}
