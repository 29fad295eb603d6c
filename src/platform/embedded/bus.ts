import { EventEmitter, once, setMaxListeners } from 'node:events';
import type { AbstractSublevel } from 'abstract-level';
import type { Logger } from 'pino';
import { retryUntilDone } from '../tools/backoff.js';
import { batched } from '../tools/batching.js';
import type {
  Bus,
  BusRecord,
  RunningConsumer,
  Extent,
  LoggedRecord,
  LogReader,
  PartitionLag,
  ReadFrom,
  RecordHandler,
  StartAt,
  TopicDescription,
} from '../log/bus.js';
import { describeRecords, whyAgain } from '../log/describe-records.js';
import { leaseUntil } from '../log/lease.js';
import { keepsOnlyNewest, settingsOf } from '../log/topics.js';
import { loggable, reasonFor } from '../tools/programming-error.js';
import { lagIn } from './lag.js';
import { EmbeddedLogReader } from './log-reader.js';
import { healthOf, type Member } from './member.js';
import { KeyedTopics } from './keyed-topics.js';
import { logKey, partitionOf, PARTITIONS } from './places.js';
import { fromStored, type StoredRecord, toStored } from './record.js';
import type { EmbeddedDatabase } from './database.js';
import type { Level } from './level.js';
import { type Write, writeDurably } from './writes.js';

/** A partition that a member is handling. */
interface Claim {
  readonly member: Member;
  /** False once the partition belongs to another member. */
  readonly isOwner: () => boolean;
  readonly group: string;
  /** Key of the group's offset in the partition. */
  readonly name: string;
}

const MAX_RECORDS = 500;

/** The log and its consumer groups in the embedded database. It follows Kafka's rules, for one process. */
export class EmbeddedBus implements Bus {
  private readonly log: AbstractSublevel<Level, string | Buffer | Uint8Array, string, StoredRecord>;
  private readonly offsets: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;
  private readonly keyed: KeyedTopics;
  private readonly ends = new Map<string, number>();
  private readonly groups = new Map<string, Member[]>();
  /** Counts appends and membership changes, so that a reader notices a change that came just before it waits. */
  private changes = 0;
  private readonly changed = new EventEmitter().setMaxListeners(0);
  private readonly closed = new AbortController();
  private readonly readers = new Map<string, Promise<void>>();
  private readonly append: (request: { topic: string; records: readonly BusRecord[] }) => Promise<void>;

  constructor(
    private readonly database: EmbeddedDatabase,
    private readonly logger: Logger,
  ) {
    this.log = database.level.sublevel<string, StoredRecord>('log', { valueEncoding: 'json' });
    this.keyed = new KeyedTopics(database.level, this.log);
    this.offsets = database.level.sublevel<string, string>('offsets', {});
    // Every reader listens to it. By default Node.js warns of a leak at more than ten listeners.
    setMaxListeners(0, this.closed.signal);
    this.append = batched({ maxBatch: 100, maxWaiting: 10_000 }, (requests) => this.write(requests));
  }

  createTopics(): Promise<void> {
    return Promise.resolve();
  }

  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    const asAll = { partitions: PARTITIONS, replicationFactor: 1, brokers: 1 };
    return Promise.resolve(topics.map((topic) => ({ topic, ...asAll, settings: settingsOf(topic) })));
  }

  countPartitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map(topics.map((topic) => [topic, PARTITIONS])));
  }

  async countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const ends = await Promise.all(topics.map((topic) => this.endsOf(topic)));
    return new Map(topics.map((topic, index) => [topic, ends[index]?.reduce((sum, end) => sum + end, 0) ?? 0]));
  }

  async extents(topic: string): Promise<readonly Extent[]> {
    const ends = await this.endsOf(topic);
    const isThere = ends.some((end) => end > 0);
    return isThere ? ends.map((end, partition) => ({ partition, first: 0, end })) : [];
  }

  async consumerLag(group: string, topic: string): Promise<readonly PartitionLag[]> {
    const ends = await this.endsOf(topic);
    const taken = await this.offsets.getMany(ends.map((_, partition) => `${group}!${topic}!${partition}`));
    return ends.map((end, partition) => lagIn(partition, end, taken[partition]));
  }

  async firstRecord(topic: string, partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const [first] = await this.recordsFrom(topic, partition, offset, 1);
    return first;
  }

  read(topics: readonly string[], handler: RecordHandler, from?: ReadFrom): Promise<LogReader> {
    const log = {
      ends: (topic: string) => this.endsOf(topic),
      records: (topic: string, partition: number, offset: number) => this.recordsFrom(topic, partition, offset),
    };
    return EmbeddedLogReader.start(topics, handler, log, from);
  }

  publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    return this.append({ topic, records });
  }

  consume(group: string, handlers: ReadonlyMap<string, RecordHandler>, startAt?: StartAt): Promise<RunningConsumer> {
    const stopped = new AbortController();
    // As many listeners as partitions in hand, see the constructor.
    setMaxListeners(0, stopped.signal);
    const state = { restarts: new Map(), inFlight: new Set<Promise<unknown>>(), failures: new Map() };
    const member: Member = { handlers, startAt, stopped, ...state };
    this.groups.set(group, [...(this.groups.get(group) ?? []), member]);
    for (const topic of handlers.keys()) {
      for (let partition = 0; partition < PARTITIONS; partition += 1) this.startReader(group, topic, partition);
    }
    this.notify();
    return Promise.resolve({
      restarts: 0,
      health: () => healthOf(group, member),
      assignment: () =>
        new Map([...handlers.keys()].map((topic) => [topic, this.partitionsOf(group, topic, member)] as const)),
      restart: (topic, partition, offset) => {
        member.restarts.set(`${group}!${topic}!${partition}`, offset);
        this.notify();
      },
      stop: async () => {
        member.stopped.abort();
        const others = (this.groups.get(group) ?? []).filter((other) => other !== member);
        this.groups.set(group, others);
        this.notify();
        await Promise.allSettled(member.inFlight);
      },
    });
  }

  check() {
    return this.database.check();
  }

  async close(): Promise<void> {
    this.closed.abort();
    for (const { stopped } of [...this.groups.values()].flat()) stopped.abort();
    await Promise.allSettled(this.readers.values());
    await this.database.close();
  }

  private async write(requests: readonly { topic: string; records: readonly BusRecord[] }[]): Promise<void[]> {
    const ends = new Map<string, number>();
    const writes: Write[] = [];
    try {
      for (const { topic, records } of requests) {
        for (const record of records) {
          const at = `${topic}!${partitionOf(record.key)}`;
          const offset = ends.get(at) ?? (await this.endOf(at));
          ends.set(at, offset + 1);
          const key = logKey(at, offset);
          writes.push({ type: 'put', sublevel: this.log, key, value: toStored(record) } as unknown as Write);
          if (keepsOnlyNewest(topic)) writes.push(...(await this.keyed.replace(topic, record, key)));
        }
      }
      await writeDurably(this.database.level, writes);
    } catch (error) {
      this.keyed.forget();
      // A part of the batch may exist after the database is reopened, and must not be overwritten.
      this.ends.clear();
      throw error;
    }
    for (const [at, end] of ends) this.ends.set(at, end);
    this.notify();
    await this.keyed.compactDeleted(requests);
    return requests.map(() => undefined);
  }

  private async endOf(at: string): Promise<number> {
    const known = this.ends.get(at);
    if (known !== undefined) return known;
    const [last] = await this.log.keys({ gte: `${at}!`, lt: `${at}"`, reverse: true, limit: 1 }).all();
    return last === undefined ? 0 : Number(last.slice(at.length + 1)) + 1;
  }

  /** End offsets, by partition. */
  private endsOf(topic: string): Promise<number[]> {
    return Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => this.endOf(`${topic}!${partition}`)));
  }

  private startReader(group: string, topic: string, partition: number): void {
    const name = `${group}!${topic}!${partition}`;
    if (this.readers.has(name)) return;
    const { signal } = this.closed;
    const onFailure = (error: unknown) => {
      if (!signal.aborted) this.logger.error({ err: error, group, topic, partition }, 'reader failed; restarting it');
    };
    const reader = retryUntilDone(() => this.serve(name, group, topic, partition), { signal, onFailure })
      .catch(() => undefined)
      .finally(() => this.readers.delete(name));
    this.readers.set(name, reader);
  }

  /** Serves one partition to one group: the current owner of the partition gets the next records. */
  private async serve(name: string, group: string, topic: string, partition: number): Promise<void> {
    let offset = Number((await this.offsets.get(name)) ?? 0);
    let owner: Member | undefined;
    while (!this.closed.signal.aborted) {
      const seen = this.changes;
      const member = this.ownerOf(group, topic, partition);
      if (member && member !== owner) offset = (await member.startAt?.(topic, partition)) ?? offset;
      owner = member;
      offset = member?.restarts.get(name) ?? offset;
      member?.restarts.delete(name);
      // Like Kafka: an offset beyond the end restarts the partition from its beginning.
      if (offset > (await this.endOf(`${topic}!${partition}`))) offset = 0;
      const records = member ? await this.recordsFrom(topic, partition, offset) : [];
      if (member?.restarts.has(name)) continue;
      if (member && records.length > 0) {
        const isOwner = () => this.ownerOf(group, topic, partition) === member;
        const handling = this.handle({ member, isOwner, group, name }, records);
        member.inFlight.add(handling);
        offset = await handling.finally(() => member.inFlight.delete(handling));
      } else if (seen === this.changes) {
        await once(this.changed, 'change', { signal: this.closed.signal });
      }
    }
  }

  private partitionsOf(group: string, topic: string, member: Member): number[] {
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    return all.filter((partition) => this.ownerOf(group, topic, partition) === member);
  }

  private ownerOf(group: string, topic: string, partition: number): Member | undefined {
    const members = (this.groups.get(group) ?? []).filter(({ handlers }) => handlers.has(topic));
    return members[partition % members.length];
  }

  /** Returns the next offset: that of the first record again when the member released the partition too early. */
  private async handle(claim: Claim, records: readonly LoggedRecord[]): Promise<number> {
    const { member, isOwner, group, name } = claim;
    const [first, last] = [records[0] as LoggedRecord, records.at(-1) as LoggedRecord];
    const handler = member.handlers.get(first.topic) as RecordHandler;
    const ending = new AbortController();
    const { signal } = ending;
    const end = () => ending.abort(new Error('the consumer has released the partition'));
    const held = leaseUntil(signal);
    const heartbeat = () => {
      if (!isOwner()) end();
      return held.heartbeat();
    };
    if (member.stopped.signal.aborted) end();
    member.stopped.signal.addEventListener('abort', end);
    const onFailure = (error: unknown, failures: number) => {
      if (signal.aborted) return;
      member.failures.set(name, whyAgain(first, reasonFor(error), failures));
      const line = { ...describeRecords(records), group, failures, ...loggable(error) };
      this.logger.warn(line, 'handling failed; the records will be retried');
    };
    try {
      await retryUntilDone(() => handler(records, { signal, heartbeat }), { signal, onFailure });
    } catch {
      return first.offset;
    } finally {
      member.stopped.signal.removeEventListener('abort', end);
      member.failures.delete(name);
    }
    await this.offsets.put(name, String(last.offset + 1));
    return last.offset + 1;
  }

  private notify(): void {
    this.changes += 1;
    this.changed.emit('change');
  }

  private async recordsFrom(topic: string, partition: number, offset: number, limit = MAX_RECORDS) {
    const at = `${topic}!${partition}`;
    const entries = await this.log.iterator({ gte: logKey(at, offset), lt: `${at}"`, limit }).all();
    return entries.map(([key, stored]) => ({
      topic,
      partition,
      offset: Number(key.slice(at.length + 1)),
      ...fromStored(stored),
    }));
  }
}
