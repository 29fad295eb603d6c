import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CommittedEvent, Outbox } from '../aggregate/aggregates.js';
import { publishWithKeys } from './publish-with-keys.js';
import { retryUntilDone } from '../tools/backoff.js';
import { inPublishSpans } from '../log/batch-spans.js';
import type { Bus } from '../log/bus.js';
import { isCodedError } from '../tools/errors.js';
import { type SchemaIdOf, toEventRecord } from '../event/event-record.js';
import { type Queued, type QueueLimits, RelayQueue } from './relay-queue.js';
import { AggregatesSetAside, type SetAside } from './set-aside.js';
import { PublishDelay } from './publish-delay.js';
import { Sweeper } from './sweeper.js';
import type { RelayObserver } from './relay-observer.js';
import { eventLimitOf } from './aggregate-backlog.js';
import { lingerAfter } from './linger.js';

export interface RelaySettings extends QueueLimits {
  /** Most events in one publish request. */
  readonly maxBatch: number;
  /** Milliseconds between two sweeps. */
  readonly sweepEvery: number;
  /**
   * Milliseconds that an event is left to the instance that committed it, before a sweep of another publishes it. Longer
   * where this process needs long itself, see {@link PublishDelay}.
   */
  readonly sweepAfter: number;
  /** Milliseconds until an aggregate that was set aside is retried, and until the topic's size limit is read again. */
  readonly retryAfter: number;
}

const SETTINGS: RelaySettings = {
  maxBatch: 500,
  maxQueued: 20_000,
  maxQueuedLength: 32 * 1024 ** 2,
  sweepEvery: 1_000,
  sweepAfter: 2_000,
  retryAfter: 60_000,
};

/** Longest delay of a sweep while more than a batch of the process's own commits is queued. */
const MAX_BUSY_MS = 10_000;

/** An event was queued, a sweep was requested, events were trimmed. */
const SIGNALS = ['queued', 'wanted', 'trimmed'] as const;
type Signal = (typeof SIGNALS)[number];

/**
 * Publishes committed events from an outbox to the bus, then trims them. It publishes each aggregate's events in
 * version order, without gaps. If the log refuses an event for its size, the aggregate is set aside with all its later
 * events.
 *
 * It may publish an event twice (after a crash before the trim, or another instance's sweep); consumers skip duplicates
 * by version.
 */
export class Relay {
  private readonly settings: RelaySettings;
  private readonly queue: RelayQueue;
  private readonly aside: AggregatesSetAside;
  private readonly delay: PublishDelay;
  private readonly sweeper: Sweeper;
  private readonly signals = new EventEmitter().setMaxListeners(0);
  private readonly stopping = new AbortController();
  private readonly aborting = new AbortController();
  private running: Promise<unknown> = Promise.resolve();
  private trimming: Promise<void> = Promise.resolve();
  private isPaused = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly bus: Pick<Bus, 'publish' | 'describeTopics'>,
    private readonly logger: Logger,
    settings: Partial<RelaySettings> = {},
    private readonly schemaIdOf?: SchemaIdOf,
    private readonly observer?: RelayObserver,
  ) {
    this.settings = { ...SETTINGS, ...settings };
    this.queue = new RelayQueue(this.settings);
    this.aside = new AggregatesSetAside(this.settings.retryAfter);
    this.delay = new PublishDelay(this.settings.sweepAfter);
    this.sweeper = new Sweeper(outbox, this.queue, this.aside, () => this.delay.patience);
    outbox.onCommit((commit) => this.takeCommit(commit));
  }

  /** Aggregates whose next event the log refuses. */
  get setAside(): readonly SetAside[] {
    return this.aside.list;
  }

  get topic(): string {
    return this.outbox.topic;
  }

  /** Starts publishing and sweeping. */
  start(): void {
    this.running = Promise.all([this.publishQueued(), this.sweepRegularly()]);
    void this.learnLimitRegularly();
  }

  /** Stops publishing, except for requests in flight, until {@link resume}. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const each of SIGNALS) this.signals.emit(each);
  }

  /** Publishes queued events for at most `timeoutMs` milliseconds, and stops. Remaining events stay in the outbox. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping.abort();
    for (const each of SIGNALS) this.signals.emit(each);
    const deadline = setTimeout(() => this.aborting.abort(new Error('the relay stops')), timeoutMs);
    await this.running;
    await this.trimming;
    clearTimeout(deadline);
  }

  private takeCommit({ id, event, oldest }: CommittedEvent): void {
    if (this.aborting.signal.aborted || this.aside.has(id)) return;
    const isNext = oldest === event.version || this.queue.reached(id) >= event.version - 1;
    if (isNext) {
      // A full queue is no loss: a sweep finds the event.
      if (this.queue.push({ ...event, id, since: performance.now() })) this.signals.emit('queued');
    } else {
      // Another instance has earlier events to publish, and may have crashed.
      this.sweeper.want(id);
      this.signals.emit('wanted');
    }
  }

  private async publishQueued(): Promise<void> {
    for (;;) {
      if (this.queue.size === 0 || this.isPaused) {
        if (this.stopping.signal.aborted) return;
        await this.signalled('queued');
        continue;
      }
      const batch = this.queue.take(this.settings.maxBatch);
      let published: readonly Queued[];
      try {
        published = await this.publish(batch);
      } catch {
        return;
      }
      // At most one trim runs at a time, so a slow database slows the relay down instead of accumulating trims.
      await this.trimming;
      this.trimming = this.trim(published);
      if (this.queue.size < this.settings.maxBatch) await this.pauseFor(lingerAfter(batch.length));
    }
  }

  /** Returns the published events. Events of aggregates that were set aside are published last, one by one. */
  private async publish(batch: readonly Queued[]): Promise<readonly Queued[]> {
    if (this.aside.size === 0) return this.publishUnlessRefused(batch);
    const published = [...(await this.publishUnlessRefused(batch.filter(({ id }) => !this.aside.has(id))))];
    for (const event of batch.filter(({ id }) => this.aside.has(id))) {
      if (this.aside.holds(event.id)) continue;
      published.push(...(await this.publishUnlessRefused([event])));
    }
    return published;
  }

  /** Finds refused events by bisection. */
  private async publishUnlessRefused(batch: readonly Queued[]): Promise<readonly Queued[]> {
    const [first] = batch;
    if (!first) return [];
    try {
      await this.publishAll(batch);
      if (this.aside.release(first.id)) this.publishRestOf(first.id);
      return batch;
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (batch.length === 1) {
        this.putAside(first, error);
        return [];
      }
    }
    const half = Math.ceil(batch.length / 2);
    const older = await this.publishUnlessRefused(batch.slice(0, half));
    const newer = await this.publishUnlessRefused(batch.slice(half).filter(({ id }) => !this.aside.has(id)));
    return [...older, ...newer];
  }

  private async publishAll(batch: readonly Queued[]): Promise<void> {
    const records = batch.map(({ id, json }) => toEventRecord(id, json, this.schemaIdOf));
    const publish = () => publishWithKeys(this.bus, this.outbox, batch, records);
    const retrying: Parameters<typeof retryUntilDone>[1] = {
      signal: this.aborting.signal,
      onFailure: (error, failures) => {
        if (isRefused(error)) throw error;
        this.observer?.onPublishFailed(this.topic);
        this.logger.warn({ err: error, topic: this.topic, events: batch.length, failures }, 'cannot publish yet');
      },
    };
    await inPublishSpans(this.topic, records, () => retryUntilDone(publish, retrying));
    this.observer?.onPublished(this.topic, batch);
  }

  /** Publishes the later events of an aggregate that is no longer set aside. */
  private publishRestOf(id: string): void {
    this.logger.info({ topic: this.topic, id }, 'the log accepts the event now; publishing its aggregate again');
    this.sweeper.want(id);
    this.signals.emit('wanted');
  }

  private putAside(event: Queued, error: unknown): void {
    this.queue.drop(event.id);
    if (!this.aside.add(event)) return;
    const { id, version, json } = event;
    const line = { err: error, topic: this.topic, id, version, bytes: Buffer.byteLength(json) };
    this.logger.error(line, 'the log refuses an event for its size; setting its aggregate aside');
  }

  private async trim(published: readonly Queued[]): Promise<void> {
    const versions = new Map(published.map(({ id, version }) => [id, version]));
    let areTrimmed = false;
    try {
      if (versions.size > 0) await this.outbox.trim(versions);
      areTrimmed = true;
      const oldest = published.find(({ since }) => since !== undefined);
      if (oldest?.since !== undefined) this.delay.measured(performance.now() - oldest.since);
    } catch (error) {
      this.logger.warn(
        { err: error, topic: this.topic },
        'cannot trim published events; a sweep will publish them again',
      );
    }
    this.queue.settle(versions, areTrimmed);
    this.signals.emit('trimmed');
  }

  private async sweepRegularly(): Promise<void> {
    const { sweepEvery, maxBatch } = this.settings;
    let sweptAt = -Infinity;
    while (!this.stopping.signal.aborted) {
      const isBusy = this.queue.size >= maxBatch && performance.now() - sweptAt < MAX_BUSY_MS;
      if (!isBusy) sweptAt = performance.now();
      const taken = await this.sweep(isBusy);
      const canGoOn = this.sweeper.hasRequests && !this.queue.isFull && !this.isPaused;
      if (taken.size === 0 && !canGoOn) await this.signalled('wanted', sweepEvery);
    }
  }

  /** Resolves with the events that it queued, once they are published and trimmed. */
  private async sweep(isBusy: boolean): Promise<ReadonlyMap<string, number>> {
    let taken: ReadonlyMap<string, number> = new Map();
    try {
      if (!this.isPaused) taken = await this.sweeper.sweep(isBusy);
    } catch (error) {
      this.logger.warn({ err: error, topic: this.topic }, 'cannot sweep yet');
    }
    if (taken.size > 0) this.signals.emit('queued');
    // Until then, the next sweep would find them again.
    const isQueued = ([id, version]: [string, number]) => this.queue.endsWith(id, version);
    while ([...taken].some(isQueued) && !this.stopping.signal.aborted) await this.signalled('trimmed');
    return taken;
  }

  /** The topic's settings may change while the process runs. */
  private async learnLimitRegularly(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        this.outbox.limitEvents(await eventLimitOf(this.bus, this.topic));
      } catch (error) {
        this.logger.debug({ err: error, topic: this.topic }, 'cannot read the settings of the topic');
      }
      await this.pauseFor(this.settings.retryAfter);
    }
  }

  /** Resolves at the next signal, after `timeoutMs` milliseconds, or when the relay stops. */
  private signalled(name: Signal, timeoutMs?: number): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs);
      const { signals } = this;
      function done(): void {
        clearTimeout(timer);
        signals.off(name, done);
        resolve();
      }
      signals.on(name, done);
    });
  }

  private async pauseFor(milliseconds: number): Promise<void> {
    if (milliseconds < 1) return;
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** Returns true if the log refuses a record for its size. All other errors are retried. */
function isRefused(error: unknown): boolean {
  return isCodedError(error) && error.kind === 'too-large';
}
