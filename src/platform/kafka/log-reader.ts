import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { backoffDelay, retryUntilDone } from '../tools/backoff.js';
import { firstToRead, isToRead, type LogReader, type ReadFrom, type RecordHandler } from '../log/bus.js';
import { progressOf } from '../log/progress.js';
import { Route } from '../log/route.js';
import { isCodedError, PlatformError, unavailable } from '../tools/errors.js';
import type { KafkaAdmin } from './admin.js';
import { whyUnreadable } from './errors.js';
import { KafkaLease } from './lease.js';
import { isFenceRecord } from './record.js';
import type { Member, MemberBatch, RecordClient } from './record-client.js';
import { type TopicView, toLoggedRecord } from './topic-view.js';
import { existingTopics, extentsOf } from './topics.js';

/** Maximum number of records between two heartbeats. */
const MAX_RECORDS_PER_CALL = 500;
/** Settings of a log reader. Times are in milliseconds. */
export interface LogReaderSettings {
  /** Time without a heartbeat after which the group reassigns the partitions. */
  readonly sessionTimeout: number;
  /** Time that the reader waits for an unavailable Kafka before it fails. */
  readonly logReaderTimeoutMs: number;
  /** Where it begins. */
  readonly from: ReadFrom;
}

/** Returns the topics to read, as they are now in Kafka. */
export type FindViews = () => Promise<readonly TopicView[]>;

/**
 * Reads whole topics, without a consumer group or in one of its own that commits nothing and is deleted at the end. The reader keeps
 * its positions itself, so it continues where it was whenever it rejoins its group: after a handler that took longer
 * than a session, or after a broker restart.
 */
export class KafkaLogReader implements LogReader {
  /** By topic and partition. */
  private readonly routes = new Map<string, Map<number, Route>>();
  private readonly group = `reading-${randomUUID()}`;
  private readonly member: Member;
  private readonly timeoutMs: number;
  private readonly from: ReadFrom;
  /** By the name in Kafka. */
  private readonly views = new Map<string, TopicView>();
  private followed: readonly string[] = [];
  private readonly moves = new EventEmitter().setMaxListeners(0);
  /** Aborted at the end, with the reason. Later calls throw that reason. */
  private readonly ending = new AbortController();
  private closing: Promise<void> | undefined;
  /** Starts never overlap, because kafkajs cannot be stopped while it starts. */
  private starts: Promise<void> = Promise.resolve();
  private crashes = 0;
  private awaySince = 0;

  private constructor(
    client: RecordClient,
    { sessionTimeout, logReaderTimeoutMs, from }: LogReaderSettings,
    private readonly admin: KafkaAdmin,
    private readonly findViews: FindViews,
    private readonly handler: RecordHandler,
  ) {
    this.timeoutMs = logReaderTimeoutMs;
    this.from = from;
    this.member = client.newMember({
      ...{ group: this.group, commits: false, sessionTimeout, maxWaitMs: 50, concurrency: 3, retries: 3 },
      ...(from.partitions && { mayFetch: (name: string, partition: number) => this.mayRead(name, partition) }),
      mayRestart: () => false,
      on: {
        join: () => this.seek(),
        crash: (error) => this.startAgain(error),
        emptyBatch: (topic, partition, firstOffset, lastOffset) => {
          const route = this.routeIn(topic, partition, firstOffset);
          if (firstOffset < route.until) this.advance(topic, partition, route, lastOffset + 1);
        },
        // A heartbeat means that it fetches again.
        heartbeat: () => (this.crashes = 0),
      },
    });
  }

  /** @throws PlatformError `unavailable` when Kafka does not answer in time */
  static async start(
    client: RecordClient,
    settings: LogReaderSettings,
    admin: KafkaAdmin,
    findViews: FindViews,
    handler: RecordHandler,
  ): Promise<KafkaLogReader> {
    const reader = new KafkaLogReader(client, settings, admin, findViews, handler);
    await reader.refreshEnds();
    return reader;
  }

  get progress() {
    return progressOf(this.allRoutes());
  }

  async caughtUp(): Promise<void> {
    await this.refreshEnds();
    const goals = this.allRoutes().map((route) => ({ route, end: route.end }));
    for (;;) {
      this.ending.signal.throwIfAborted();
      if (goals.every(({ route, end }) => route.hasReached(end))) return;
      await once(this.moves, 'move');
    }
  }

  positions() {
    return [...this.routes].flatMap(([name, routes]) => {
      const { topic, firstPartition } = this.views.get(name) as TopicView;
      return [...routes].map(([partition, { complete }]) => ({
        ...{ topic, partition: firstPartition + partition, next: complete },
      }));
    });
  }

  async stop(): Promise<void> {
    await this.end(new Error('the log reader was stopped'));
  }

  /** Updates the end offsets of the topics, and subscribes to topics that were created meanwhile. */
  private async refreshEnds(): Promise<void> {
    let failure: unknown;
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(this.timeoutMs)]);
    try {
      await retryUntilDone(() => this.admin.ask((admin) => this.fetchEnds(admin)), {
        signal,
        onFailure: (error) => {
          failure = error;
          if (isSwitched(error)) throw error;
        },
      });
    } catch {
      this.ending.signal.throwIfAborted();
      if (isSwitched(failure)) {
        void this.end(failure);
        throw failure;
      }
      throw unavailable('Kafka does not answer with the end offsets of the topics', failure);
    }
    const existing = [...this.routes.keys()];
    if (existing.length === this.followed.length) return;
    this.followed = existing;
    await this.startConsumer();
  }

  private async fetchEnds(admin: Admin): Promise<void> {
    for (const view of await this.findViews()) this.look(view);
    for (const name of await existingTopics(admin, [...this.views.keys()])) {
      const { topic, firstPartition } = this.views.get(name) as TopicView;
      for (const { partition, first, end } of await extentsOf(admin, name)) {
        if (!this.mayRead(name, partition)) continue;
        const onTheBus = { partition: firstPartition + partition, first, end };
        this.routeIn(name, partition, firstToRead(this.from, topic, onTheBus), end).end = end;
      }
    }
  }

  /** @param name the topic's name in Kafka */
  private mayRead(name: string, partition: number): boolean {
    const { topic, firstPartition } = this.views.get(name) as TopicView;
    return isToRead(this.from, topic, firstPartition + partition);
  }

  /** @throws PlatformError `generation-switched`: what was read up to now is not the beginning of the new generation. */
  private look(view: TopicView): void {
    const { topic, name } = view;
    const known = [...this.views.values()].find((each) => each.topic === topic);
    if (known !== undefined && known.name !== name) throw switched(topic);
    this.views.set(name, view);
  }

  private startConsumer(pause = 0): Promise<void> {
    this.starts = this.starts
      .then(async () => {
        await sleep(pause, undefined, { signal: this.ending.signal }).catch(() => undefined);
        if (this.ending.signal.aborted) return;
        await this.member.start([...this.followed], (payload) => this.handle(payload));
      })
      .catch((error: unknown) => this.startAgain(error as Error));
    return this.starts;
  }

  private startAgain(error: Error): void {
    const unreadable = whyUnreadable(error);
    if (unreadable !== undefined) {
      void this.end(new PlatformError('rejected', 'unreadable-batch', unreadable, undefined, { cause: error }));
      return;
    }
    if (this.crashes === 0) this.awaySince = Date.now();
    this.crashes += 1;
    if (Date.now() - this.awaySince < this.timeoutMs) void this.startConsumer(backoffDelay(this.crashes));
    else void this.end(unavailable(`Kafka became unavailable while its topics were read: ${error.message}`, error));
  }

  private seek(): void {
    for (const topic of this.followed) {
      for (const [partition, { next }] of this.routes.get(topic) ?? []) {
        this.member.seek({ topic, partition, offset: String(next) });
      }
    }
  }

  private async handle(payload: MemberBatch): Promise<void> {
    const { batch, heartbeat, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const route = this.routeIn(topic, partition, Number(batch.firstOffset()));
    const { next, until } = route;
    // Fetched before the reader went to another window, so it is not the beginning of that one.
    if (Number(batch.fetchedOffset) > next) {
      this.member.seek({ topic, partition, offset: String(next) });
      return;
    }
    const remaining = batch.messages.filter(({ offset }) => Number(offset) >= next && Number(offset) < until);
    for (let from = 0; from < remaining.length; from += MAX_RECORDS_PER_CALL) {
      if (!isRunning() || isStale() || this.ending.signal.aborted) return;
      const records = remaining.slice(from, from + MAX_RECORDS_PER_CALL);
      const events = records.filter((message) => !isFenceRecord(message));
      const lease = new KafkaLease(payload);
      try {
        if (events.length > 0) {
          await this.handler(
            events.map((message) => toLoggedRecord(this.views.get(topic) as TopicView, partition, message)),
            lease,
          );
        }
      } catch (error) {
        // The client rejoins its group, and these records come again.
        if (lease.refusal) throw lease.refusal;
        void this.end(error);
        return;
      }
      const after = Number(records.at(-1)?.offset) + 1;
      if (after >= until) break;
      this.advance(topic, partition, route, after);
      await heartbeat();
    }
    // The last offsets of the batch may be transaction markers.
    this.advance(topic, partition, route, Number(batch.lastOffset()) + 1);
  }

  /** The route in a partition. A new one begins at this offset. */
  private routeIn(topic: string, partition: number, first: number, end = first): Route {
    const routes = this.routes.get(topic) ?? new Map<number, Route>();
    const route = routes.get(partition) ?? new Route(first, end, this.windowOf(topic));
    this.routes.set(topic, routes.set(partition, route));
    return route;
  }

  private windowOf(name: string): number {
    return this.from.window?.(this.views.get(name)?.topic ?? name) ?? Infinity;
  }

  private allRoutes(): Route[] {
    return [...this.routes.values()].flatMap((routes) => [...routes.values()]);
  }

  private advance(topic: string, partition: number, route: Route, next: number): void {
    if (route.advance(next)) this.member.seek({ topic, partition, offset: String(route.next) });
    this.crashes = 0;
    this.moves.emit('move');
  }

  /** Do not await this in a handler: it waits for the handlers. */
  private end(error: unknown): Promise<void> {
    this.ending.abort(error);
    this.moves.emit('move');
    this.closing ??= this.close();
    return this.closing;
  }

  private async close(): Promise<void> {
    await this.starts;
    await this.member.disconnect().catch(() => undefined);
    if (!this.member.hasGroup) return;
    // If this fails, Kafka deletes the empty group later by itself.
    await this.admin.ask((admin) => admin.deleteGroups([this.group])).catch(() => undefined);
  }
}

function isSwitched(error: unknown): boolean {
  return isCodedError(error) && error.code === 'generation-switched';
}

function switched(topic: string): PlatformError {
  const message = `${topic} was switched to another generation while it was read; run the command again`;
  return new PlatformError('unavailable', 'generation-switched', message);
}
