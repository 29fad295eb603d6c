import { afterAll, beforeAll } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import {
  continueServer,
  killServer,
  pauseServer,
  restartServer,
  startServers,
  stopServers,
} from '../../scripts/servers.mjs';
import { eventually } from './eventually.js';
import { describeUnlessMissing } from './own-servers-needed.js';
import type { RealServers } from './real-servers.js';

const { Kafka, logLevel } = kafkajs;
/** Bytes that three brokers, three members and the processes of a test take. */
const MEMORY = 4 * 1024 ** 3;

/** Three brokers and a replica set of three members that a test may kill, stall and restart one by one. */
export interface Cluster extends RealServers {
  /** Of Kafka; connected. */
  readonly admin: Admin;
  kill(server: string): Promise<void>;
  pause(server: string): Promise<void>;
  continue(server: string): Promise<void>;
  restart(server: string): Promise<void>;
  /** Starts what does not run. */
  start(): Promise<void>;
  /** Creates a topic with a partition for each entry, which lists the ids of the brokers that have it. */
  createTopic(topic: string, replicas: readonly number[][]): Promise<void>;
  /** Has other brokers lead and keep a partition; resolves when the first of them leads it. */
  move(topic: string, partition: number, replicas: number[]): Promise<void>;
  /** Resolves when every replica of every partition is in sync. */
  inSync(): Promise<void>;
}

/** `describe`, with a cluster of its own, on machines that can run one. */
export function describeWithCluster(name: string, instance: string, tests: (cluster: Cluster) => void): void {
  const missing = process.env.NO_OWN_SERVERS ?? tooLittleMemory();
  describeUnlessMissing(missing, 'no cluster of its own', name, () => {
    const servers = { kafka: '', mongodb: '' };
    const admin = { current: undefined as Admin | undefined };
    const start = async () => {
      Object.assign(servers, await startServers({ name: instance, brokers: 3, members: 3 }));
    };
    beforeAll(async () => {
      await stopServers({ name: instance, wipe: true, signal: 'SIGKILL' });
      await start();
      const brokers = servers.kafka.split(',');
      admin.current = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 10 } }).admin();
      await admin.current.connect();
    }, 180_000);
    afterAll(async () => {
      await admin.current?.disconnect();
      await stopServers({ name: instance, wipe: true, signal: 'SIGKILL' });
    }, 60_000);
    tests(cluster(instance, servers, start, () => admin.current as Admin));
  });
}

function cluster(name: string, servers: RealServers, start: () => Promise<void>, currentAdmin: () => Admin): Cluster {
  const partitionsOf = async (topics?: string[]) =>
    (await currentAdmin().fetchTopicMetadata(topics ? { topics } : undefined)).topics.flatMap(
      ({ partitions }) => partitions,
    );
  return {
    get kafka() {
      return servers.kafka;
    },
    get mongodb() {
      return servers.mongodb;
    },
    get admin() {
      return currentAdmin();
    },
    kill: (server) => killServer(server, { name }),
    pause: (server) => pauseServer(server, { name }),
    continue: (server) => continueServer(server, { name }),
    restart: (server) => restartServer(server, { name }),
    start,
    createTopic: async (topic, replicas) => {
      const replicaAssignment = replicas.map((each, partition) => ({ partition, replicas: each }));
      await currentAdmin().createTopics({ waitForLeaders: false, topics: [{ topic, replicaAssignment }] });
      await eventually(async () => {
        if ((await partitionsOf([topic])).length !== replicas.length) throw new Error(`${topic} is not there yet`);
        await currentAdmin().fetchTopicOffsets(topic);
      });
    },
    move: async (topic, partition, replicas) => {
      const partitionAssignment = [{ partition, replicas }];
      await currentAdmin().alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
      await eventually(async () => {
        const moved = (await partitionsOf([topic])).find(({ partitionId }) => partitionId === partition);
        if (moved?.leader !== replicas[0] || String(moved?.replicas) !== String(replicas))
          throw new Error(`${topic}/${partition} is led by ${moved?.leader}`);
      });
    },
    inSync: async () => {
      await eventually(
        async () => {
          for (const { partitionId, isr, replicas } of await partitionsOf()) {
            if (isr.length < replicas.length) throw new Error(`partition ${partitionId}: ${isr} of ${replicas}`);
          }
        },
        { within: 60_000 },
      );
    },
  };
}

function tooLittleMemory(): string | undefined {
  const available = process.availableMemory();
  const inGigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  if (available >= MEMORY) return undefined;
  return `a cluster needs ${inGigabytes(MEMORY)} GB of memory, and ${inGigabytes(available)} GB are free`;
}
