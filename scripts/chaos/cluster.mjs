import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';
import { continueServer, killServer, pauseServer, restartServer, startServers, stopServers } from '../servers.mjs';

const TOPICS = ['accounts.customer.change', 'orders.order.change', '__consumer_offsets'];
const MOVED_WITHIN_MS = 30_000;
const ELECTED_WITHIN_MS = 60_000;

/** Three brokers and three members of a replica set, each of which has a name. */
export class Cluster {
  /** @type {Set<string>} that stand still */
  #paused = new Set();

  /** @param {string} name @param {Awaited<ReturnType<typeof startServers>>} started */
  constructor(name, started) {
    this.name = name;
    this.kafka = started.kafka;
    this.mongodb = started.mongodb;
    this.masterKeys = started.masterKeys;
    this.servers = started.servers;
    this.brokers = started.servers.filter(({ kind }) => kind === 'kafka').map((server) => server.name);
    this.members = started.servers.filter(({ kind }) => kind === 'mongodb').map((server) => server.name);
  }

  /** With nothing in it. @param {string} name @param {(line: string) => void} log */
  static async start(name, log) {
    await stopServers({ name, wipe: true });
    try {
      return new Cluster(name, await startServers({ name, brokers: 3, members: 3, log }));
    } catch (error) {
      await stopServers({ name, wipe: true });
      throw error;
    }
  }

  /** @param {string} server */
  kill(server) {
    this.#paused.delete(server);
    return killServer(server, { name: this.name });
  }

  /** @param {string} server */
  async pause(server) {
    this.#paused.add(server);
    await pauseServer(server, { name: this.name });
  }

  /** @param {string} server */
  async continue(server) {
    this.#paused.delete(server);
    await continueServer(server, { name: this.name });
  }

  /** In a controlled way; one that was killed is started. @param {string} server */
  restart(server) {
    return restartServer(server, { name: this.name });
  }

  /**
   * Starts those of a kind that do not run, continues those that stand still, and waits until all can be used.
   * @param {'kafka' | 'mongodb'} kind
   */
  async mend(kind) {
    const paused = [...this.#paused].filter((server) => this.#find(server).kind === kind);
    await Promise.all(paused.map((server) => this.continue(server)));
    await this.startKilled(kind);
  }

  /** Those that stand still are left as they are. @param {'kafka' | 'mongodb'} kind */
  async startKilled(kind) {
    await startServers({ name: this.name, only: kind });
  }

  async stop() {
    await Promise.all([...this.#paused].map((server) => this.continue(server).catch(() => undefined)));
    await stopServers({ name: this.name, wipe: true });
  }

  /** @param {string} server */
  portOf(server) {
    return this.#find(server).port;
  }

  /** @param {string} server */
  #find(server) {
    const found = this.servers.find(({ name }) => name === server);
    if (!found) throw new Error(`there is no ${server}`);
    return found;
  }

  /** The broker that is the active controller: the newest epoch's leader in what the brokers keep of the quorum. */
  controller() {
    const states = this.brokers.flatMap((server) => {
      const file = join(this.#find(server).data, 'logs', '__cluster_metadata-0', 'quorum-state');
      return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : [];
    });
    const [newest] = states.sort((one, other) => other.leaderEpoch - one.leaderEpoch);
    return this.brokers[Number(newest?.leaderId) - 1] ?? /** @type {string} */ (this.brokers[0]);
  }

  /** The member that takes writes, once there is one. @param {readonly string[]} [not] that it must not be */
  async primary(not = []) {
    for (const deadline = Date.now() + ELECTED_WITHIN_MS; Date.now() < deadline; await sleep(200)) {
      for (const member of this.members) {
        if (not.includes(member) || this.#paused.has(member)) continue;
        const hello = await this.#command(member, { hello: 1 }).catch(() => undefined);
        if (hello?.['isWritablePrimary'] === true) return member;
      }
    }
    throw new Error('no primary was elected');
  }

  /** @param {string} primary @param {number} seconds for which it does not stand for election */
  async stepDown(primary, seconds) {
    // It closes connections with it.
    await this.#command(primary, { replSetStepDown: seconds, secondaryCatchUpPeriodSecs: 5 }).catch(() => undefined);
  }

  /** How often members have taken back what they had not replicated. */
  rollbacks() {
    return this.members.reduce((sum, member) => {
      const log = join(this.#find(member).data, '..', 'server.log');
      const texts = [log, `${log}.1`].map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''));
      return sum + texts.join('').split('Rollback summary').length - 1;
    }, 0);
  }

  /** @param {string} member @param {object} command */
  async #command(member, command) {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.portOf(member)}/?directConnection=true`, {
      ...{ serverSelectionTimeoutMS: 1_500, connectTimeoutMS: 1_500, socketTimeoutMS: 10_000 },
    });
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  }

  /**
   * Takes the leader of every partition out of its replicas, and puts it back as the last of them.
   * @returns {Promise<number>} how many leaders moved
   */
  async moveLeaders() {
    const admin = new kafkajs.Kafka({
      brokers: this.kafka.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: 10_000,
    }).admin();
    await admin.connect();
    try {
      const there = await admin.listTopics();
      const { topics } = await admin.fetchTopicMetadata({ topics: TOPICS.filter((topic) => there.includes(topic)) });
      const before = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionId, leader, replicas }) => ({
          topic: name,
          partition: partitionId,
          leader,
          replicas,
        })),
      );
      await reassign(admin, before, ({ leader, replicas }) => replicas.filter((id) => id !== leader));
      await reassign(admin, before, ({ leader, replicas }) => [...replicas.filter((id) => id !== leader), leader]);
      return before.length;
    } finally {
      await admin.disconnect();
    }
  }
}

/**
 * @typedef {{ topic: string, partition: number, leader: number, replicas: number[] }} Placed
 * @param {import('kafkajs').Admin} admin @param {readonly Placed[]} partitions @param {(placed: Placed) => number[]} wanted
 */
async function reassign(admin, partitions, wanted) {
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitionAssignment: partitions
      .filter((each) => each.topic === topic)
      .map((each) => ({ partition: each.partition, replicas: wanted(each) })),
  }));
  await admin.alterPartitionReassignments({ topics });
  for (const deadline = Date.now() + MOVED_WITHIN_MS; Date.now() < deadline; await sleep(200)) {
    const { topics: moving } = await admin.listPartitionReassignments({ topics: [] });
    if (moving.every(({ partitions: under }) => under.length === 0)) return;
  }
  throw new Error('partitions are still being moved');
}
