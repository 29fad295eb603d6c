import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { backoffDelay } from '../tools/backoff.js';
import type { RunningConsumer, LoggedRecord, RecordHandler, StartAt } from '../log/bus.js';
import { describeRecords, whyAgain } from '../log/describe-records.js';
import type { DependencyHealth } from '../tools/dependency.js';
import { loggable, reasonFor as reasonForFailure } from '../tools/programming-error.js';
import { Commits } from './commits.js';
import { reasonFor, whyUnreadable } from './errors.js';
import { type Assignment, KafkaLag } from './lag.js';
import { KafkaLease } from './lease.js';
import type { GroupViews } from './group-views.js';
import { PartitionStarts } from './partition-starts.js';
import { type FetchedMessage, isFenceRecord } from './record.js';
import type { Member, MemberBatch, RecordClient } from './record-client.js';
import { beginsOf, onTheBus, type TopicView, toLoggedRecord } from './topic-view.js';
import { KafkaWatchdog, type WatchedConsumer } from './watchdog.js';

/** Maximum number of records between two heartbeats and offset commits. */
const MAX_RECORDS_PER_CALL = 500;
/** Partitions that are handled concurrently, so that their writes can share a batch. */
const MAX_CONCURRENT_PARTITIONS = 12;
/** Interval at which it checks whether a topic was switched to another generation. */
const SWITCH_CHECK_MS = 250;

/** A member of a consumer group. It replaces the member of the client whenever that crashes or stalls. */
export class KafkaConsumer implements RunningConsumer, WatchedConsumer {
  restarts = 0;
  private member: Member;
  private trouble: string | undefined = 'has not joined its group yet';
  private stopped = false;
  /** Crashes in a row because of a batch that cannot be decompressed. */
  private unreadable = 0;
  private joinedAt = Infinity;
  /** By partition: the number of failed attempts, and the reason. */
  private readonly failures = new Map<string, { readonly count: number; readonly why: string }>();
  private readonly starts: PartitionStarts;
  private readonly commits = new Commits((error) => this.logger.debug({ err: error }, 'cannot commit offsets yet'));
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Leases of the running handlers. */
  readonly leases = new Set<KafkaLease>();
  assigned: Assignment | undefined;
  private moved = new Set<string>();
  private readonly watchdog: KafkaWatchdog;
  /** The topics that it consumes, by their names in Kafka. */
  private views: ReadonlyMap<string, TopicView> = new Map();
  private readonly switchTimer: NodeJS.Timeout;
  private switching: Promise<void> | undefined;
  readonly assignment = () => onTheBus(this.assigned, this.views);

  constructor(
    private readonly client: RecordClient,
    kafka: Kafka,
    /** Milliseconds without a heartbeat after which a member is dead and its partitions go to others. */
    private readonly sessionTimeout: number,
    private readonly group: string,
    private readonly handlers: ReadonlyMap<string, RecordHandler>,
    private readonly groupViews: GroupViews,
    private readonly logger: Logger,
    startAt?: StartAt,
  ) {
    this.starts = new PartitionStarts(startAt);
    this.member = this.newMember();
    const interval = Math.floor(sessionTimeout / 2);
    const lag = new KafkaLag(kafka, group, interval, (name) => beginsOf(this.views.get(name)));
    this.watchdog = new KafkaWatchdog(this, lag, interval, logger, (partitions) => this.replaceAtOnce(partitions));
    this.switchTimer = setInterval(() => this.followSwitch(), SWITCH_CHECK_MS).unref();
  }

  async start(): Promise<void> {
    const { member } = this;
    const views = await this.groupViews.find();
    this.views = new Map(views.map((view) => [view.name, view]));
    await member.start(
      views.map(({ name }) => name),
      (payload) => this.handleBatch(member, payload),
    );
  }

  health(): DependencyHealth {
    const { suspect } = this.watchdog;
    const stall = suspect === undefined ? undefined : `makes no progress on ${suspect}, where it lags`;
    const detail = this.trouble ?? [...this.failures.values()][0]?.why ?? stall;
    return detail === undefined ? { up: true } : { up: false, detail: `consumer of group ${this.group} ${detail}` };
  }

  restart(topic: string, partition: number, offset: number): void {
    for (const view of this.views.values()) {
      const own = { topic: view.name, partition: partition - view.firstPartition };
      const isAssigned = view.topic === topic && this.starts.has(own.topic, own.partition);
      if (isAssigned) this.member.seek({ ...own, offset: String(offset) });
    }
  }

  takeMoved(): ReadonlySet<string> {
    const { moved } = this;
    this.moved = new Set();
    return moved;
  }

  waits(partition: string): boolean {
    return this.failures.has(partition);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.watchdog.stop();
    clearInterval(this.switchTimer);
    for (const timer of this.timers) clearTimeout(timer);
    for (const lease of this.leases) lease.end();
    await this.switching;
    await this.commits.settled();
    await this.member.disconnect();
  }

  private newMember(): Member {
    const { sessionTimeout, group } = this;
    const isCurrent = () => member === this.member;
    const member: Member = this.client.newMember({
      ...{ group, sessionTimeout, commits: true, maxWaitMs: 500, concurrency: MAX_CONCURRENT_PARTITIONS, retries: 10 },
      // A crash during stop, or after the replacement, must not restart it. Nor if its topic may have been deleted.
      mayRestart: () => !this.stopped && isCurrent() && this.hasCurrentViews,
      on: {
        join: (assigned) => {
          if (isCurrent()) this.joined(member, assigned);
        },
        fetch: () => {
          if (isCurrent()) this.fetched();
        },
        crash: (error, restarts) => {
          if (isCurrent()) this.crashed(error, restarts);
        },
      },
    });
    return member;
  }

  private joined(member: Member, assigned: Assignment): void {
    if (this.unreadable === 0) this.trouble = undefined;
    this.joinedAt = performance.now();
    this.assigned = assigned;
    this.starts.reset();
    this.commits.drop();
    for (const [topic, partitions] of assigned) {
      const view = this.views.get(topic);
      if (view) for (const each of partitions) this.starts.begin(member, view, each).catch(() => undefined);
    }
    // Some of the partitions may belong to other members now.
    this.failures.clear();
  }

  /** A batch that cannot be decompressed is fetched again at once, but fetches from other brokers succeed meanwhile. */
  private fetched(): void {
    if (this.unreadable === 0 || performance.now() - this.joinedAt < this.sessionTimeout) return;
    this.unreadable = 0;
    this.trouble = undefined;
  }

  private crashed(error: Error, restarts: boolean): void {
    this.assigned = undefined;
    this.joinedAt = Infinity;
    this.unreadable = whyUnreadable(error) === undefined ? 0 : this.unreadable + 1;
    this.trouble = `stopped: ${reasonFor(error) ?? error.name}`;
    // kafkajs never restarts after an error that it considers not retriable, whatever `mayRestart` returns.
    if (!restarts) this.replaceAfter(Math.max(1, this.unreadable));
  }

  private replaceAfter(failures: number): void {
    this.after(backoffDelay(failures), () => this.startAnother(failures, this.member));
  }

  /** Does not wait for the stalled consumer to stop: it may wait for an answer that never comes. */
  private replaceAtOnce(partitions: readonly string[]): void {
    if (this.stopped || this.assigned === undefined) return;
    this.logger.error({ group: this.group, partitions }, 'consumer is stalled; replacing it');
    this.restarts += 1;
    this.assigned = undefined;
    this.trouble = 'was stalled and is being replaced';
    for (const lease of this.leases) lease.end();
    this.leases.clear();
    void this.member.disconnect().catch(() => undefined);
    void this.startAnother(0);
  }

  private get hasCurrentViews(): boolean {
    return this.groupViews.areCurrent([...this.views.values()]);
  }

  private followSwitch(): void {
    if (this.switching || this.stopped || !this.assigned || this.hasCurrentViews) return;
    this.switching = this.moveToCurrent()
      .catch((error: unknown) => this.logger.debug({ err: error, group: this.group }, 'cannot switch generations yet'))
      .finally(() => (this.switching = undefined));
  }

  /** Moves to the generations that the group consumes now, if these are others. */
  private async moveToCurrent(): Promise<void> {
    const names = (await this.groupViews.find()).map(({ name }) => name);
    // One that has crashed meanwhile is replaced anyway.
    if (this.stopped || !this.assigned || names.every((name) => this.views.has(name))) return;
    this.logger.info({ group: this.group, topics: names }, 'consuming another generation');
    this.trouble = 'moves to another generation of its topic';
    this.assigned = undefined;
    await this.startAnother(0, this.member);
  }

  /** @param former is disconnected first; what it reports from now on is ignored */
  private async startAnother(failures: number, former?: Member): Promise<void> {
    this.member = this.newMember();
    await former?.disconnect().catch(() => undefined);
    try {
      if (!this.stopped) await this.start();
    } catch (error) {
      this.logger.warn({ err: error, group: this.group }, 'consumer failed to start; it will be retried');
      this.replaceAfter(failures + 1);
    }
    // stop() may have been called while it started.
    if (this.stopped) await this.member.disconnect().catch(() => undefined);
  }

  private async handleBatch(member: Member, payload: MemberBatch): Promise<void> {
    const { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const view = this.views.get(topic);
    const handler = view && this.handlers.get(view.topic);
    if (!handler) return;
    try {
      await this.starts.begin(member, view, partition);
    } catch (error) {
      const first = batch.messages.slice(0, 1).map((message) => toLoggedRecord(view, partition, message));
      this.pauseAfterFailure(payload, first, error);
      return;
    }
    for (let from = 0; from < batch.messages.length; from += MAX_RECORDS_PER_CALL) {
      if (!isRunning() || isStale()) return;
      const messages = batch.messages.slice(from, from + MAX_RECORDS_PER_CALL);
      const last = messages.at(-1) as FetchedMessage;
      const events = messages.filter((message) => !isFenceRecord(message));
      const records = events.map((message) => toLoggedRecord(view, partition, message));
      const lease = new KafkaLease(payload);
      this.leases.add(lease);
      try {
        if (records.length > 0) await handler(records, lease);
      } catch (error) {
        // The member rejoins the group when it gets this error; until then none handles the partition.
        if (lease.refusal) throw lease.refusal;
        // The records stay unresolved, so the next member gets them.
        if (!lease.signal.aborted) this.pauseAfterFailure(payload, records, error);
        return;
      } finally {
        this.leases.delete(lease);
      }
      // A replaced consumer is no longer a member. Its records go to the new one.
      if (member !== this.member) return;
      this.failures.delete(lease.partition);
      resolveOffset(last.offset);
      this.commits.add({ batch, commitOffsetsIfNecessary, next: Number(last.offset) + 1 });
      // It leaves the group after this batch.
      if (this.stopped) await this.commits.settled();
      this.moved.add(lease.partition);
      await heartbeat();
    }
  }

  /** Pauses the partition. The records stay unresolved and come again when it resumes; other partitions continue. */
  private pauseAfterFailure({ batch, pause }: MemberBatch, records: readonly LoggedRecord[], error: unknown): void {
    const name = `${batch.topic}/${batch.partition}`;
    const failures = (this.failures.get(name)?.count ?? 0) + 1;
    const why = whyAgain(records[0] as LoggedRecord, reasonForFailure(error), failures);
    this.failures.set(name, { count: failures, why });
    const line = { ...describeRecords(records), group: this.group, failures, ...loggable(error) };
    this.logger.warn(line, 'handling failed; the records will be retried');
    this.after(backoffDelay(failures), pause());
  }

  private after(milliseconds: number, work: () => void | Promise<void>): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.stopped) void work();
    }, milliseconds);
    this.timers.add(timer);
  }
}
