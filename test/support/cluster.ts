import { afterAll, beforeAll } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { MongoClient } from 'mongodb';
import {
  continueServer,
  killServer,
  pauseServer,
  restartServer,
  startServers,
  stopServers,
} from '../../scripts/servers.mjs';
import { eventually } from '../../src/platform/testing/eventually.js';
import { describeUnlessMissing } from '../../src/platform/testing/own-servers-needed.js';
import type { RealServers } from '../../src/platform/testing/real-servers.js';

const { Kafka, logLevel } = kafkajs;

interface Named {
  readonly name: string;
  readonly port: number;
}

/** Bytes that three brokers, three members and the processes of a test take. */
const MEMORY = 4 * 1024 ** 3;

/** Three brokers and a replica set of three members that a test may kill, stall and restart one by one. */
export interface Cluster extends RealServers {
  /** With a client of its own: one that was ever asked for a topic fails while that has no leader. */
  withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
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
  /** Has every partition led by another broker; each keeps its replicas. */
  moveLeaders(topic: string): Promise<void>;
  /** The name of the member that takes writes. */
  primary(): Promise<string>;
  /** Resolves when every replica of every partition is in sync. */
  inSync(): Promise<void>;
}

/** `describe`, with a cluster of its own, on machines that can run one. */
export function describeWithCluster(name: string, instance: string, tests: (cluster: Cluster) => void): void {
  const missing = process.env.NO_OWN_SERVERS ?? tooLittleMemory();
  describeUnlessMissing(missing, 'no cluster of its own', name, () => {
    const started = { kafka: '', mongodb: '', servers: [] as readonly Named[] };
    const start = async () => {
      Object.assign(started, await startServers({ name: instance, brokers: 3, members: 3 }));
    };
    const withAdmin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
      const brokers = started.kafka.split(',');
      const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 3 } }).admin();
      try {
        await admin.connect();
        return await work(admin);
      } finally {
        await admin.disconnect();
      }
    };
    beforeAll(async () => {
      await stopServers({ name: instance, wipe: true, signal: 'SIGKILL' });
      await start();
    }, 280_000);
    afterAll(async () => {
      await stopServers({ name: instance, wipe: true, signal: 'SIGKILL' });
    }, 60_000);
    tests({
      get kafka() {
        return expectStarted(started.kafka);
      },
      get mongodb() {
        return expectStarted(started.mongodb);
      },
      withAdmin,
      kill: (server) => killServer(server, { name: instance }),
      pause: (server) => pauseServer(server, { name: instance }),
      continue: (server) => continueServer(server, { name: instance }),
      restart: (server) => restartServer(server, { name: instance }),
      start,
      createTopic: (topic, replicas) => withAdmin((admin) => createTopic(admin, topic, replicas)),
      move: (topic, partition, replicas) => withAdmin((admin) => move(admin, topic, partition, replicas)),
      moveLeaders: (topic) => withAdmin((admin) => moveLeaders(admin, topic)),
      primary: () => primaryOf(started),
      inSync: () => eventually(() => withAdmin(expectInSync), { within: 120_000, every: 500 }),
    });
  });
}

/** Without an address a process would run on embedded adapters instead. */
function expectStarted(address: string): string {
  if (address === '') throw new Error('the cluster has not started');
  return address;
}

async function partitionsOf(admin: Admin, topic?: string) {
  const { topics } = await admin.fetchTopicMetadata(topic === undefined ? undefined : { topics: [topic] });
  return topics.flatMap(({ partitions }) => partitions);
}

async function createTopic(admin: Admin, topic: string, replicas: readonly number[][]): Promise<void> {
  const replicaAssignment = replicas.map((each, partition) => ({ partition, replicas: each }));
  const configEntries = [{ name: 'min.insync.replicas', value: '1' }];
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, replicaAssignment, configEntries }] });
  await eventually(async () => {
    if ((await partitionsOf(admin, topic)).length !== replicas.length) throw new Error(`${topic} is not there yet`);
    await admin.fetchTopicOffsets(topic);
  });
}

async function move(admin: Admin, topic: string, partition: number, replicas: number[]): Promise<void> {
  const partitionAssignment = [{ partition, replicas }];
  await eventually(() => admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }));
  await eventually(async () => {
    const moved = (await partitionsOf(admin, topic)).find(({ partitionId }) => partitionId === partition);
    if (moved?.leader !== replicas[0] || String(moved?.replicas) !== String(replicas))
      throw new Error(`${topic}/${partition} is led by ${moved?.leader}`);
  });
}

async function moveLeaders(admin: Admin, topic: string): Promise<void> {
  const partitions = await partitionsOf(admin, topic);
  await Promise.all(
    partitions.map(async ({ partitionId, leader, replicas }) => {
      const others = replicas.filter((replica) => replica !== leader);
      await move(admin, topic, partitionId, others);
      await move(admin, topic, partitionId, [...others, leader]);
    }),
  );
}

async function expectInSync(admin: Admin): Promise<void> {
  for (const { partitionId, isr, replicas } of await partitionsOf(admin)) {
    if (isr.length < replicas.length) throw new Error(`partition ${partitionId}: ${isr} of ${replicas} in sync`);
  }
}

async function primaryOf({ mongodb, servers }: { mongodb: string; servers: readonly Named[] }): Promise<string> {
  const client = new MongoClient(mongodb, { serverSelectionTimeoutMS: 30_000 });
  try {
    const { me } = await client.db('admin').command({ hello: 1 });
    const server = servers.find(({ name, port }) => name.startsWith('mongodb') && String(me).endsWith(`:${port}`));
    if (!server) throw new Error(`nobody is ${me}`);
    return server.name;
  } finally {
    await client.close();
  }
}

function tooLittleMemory(): string | undefined {
  const available = process.availableMemory();
  const inGigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  if (available >= MEMORY) return undefined;
  return `a cluster needs ${inGigabytes(MEMORY)} GB of memory, and ${inGigabytes(available)} GB are free`;
}
