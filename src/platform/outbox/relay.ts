import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CommittedEvent, Outbox } from '../aggregate/aggregates.js';
import { retryUntilDone } from '../tools/backoff.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { isCodedError } from '../tools/errors.js';
import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';
import { type Queued, type QueueLimits, RelayQueue } from './relay-queue.js';
import { AggregatesSetAside, type SetAside } from './set-aside.js';
import { Sweeper } from './sweeper.js';
import { eventLimitOf } from './aggregate-backlog.js';

export interface RelaySettings extends QueueLimits {
  /** Most events in one publish. */
  readonly maxBatch: number;
  /** Milliseconds between two sweeps. */
  readonly sweepEvery: number;
  /** Milliseconds that an event is left to the instance that committed it before a sweep takes it up. */
  readonly sweepAfter: number;
  /** Milliseconds until an aggregate that was set aside is tried again, and until the topic's limit is read again. */
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

/**
 * Milliseconds that a publish is put off where events come all the time: few large batches cost everybody much less than
 * many small ones. An event that comes by itself is published at once.
 */
const LINGER = 40;
/** Milliseconds that sweeps are put off while there is more than a batch of the process's own commits to publish. */
const MAX_BUSY_MS = 10_000;

/** There is something to publish, something to sweep, something was trimmed. */
const SIGNALS = ['queued', 'wanted', 'trimmed'] as const;
type Signal = (typeof SIGNALS)[number];

/**
 * Moves committed events from an outbox to the bus and then trims them. Of each aggregate it publishes in order of
 * version and skips none. What the log refuses for its size is set aside, with all that follows on it.
 *
 * It may publish an event twice (a crash before the trim, another instance's sweep); readers skip by version.
 */
export class Relay {
  private readonly settings: RelaySettings;
  private readonly queue: RelayQueue;
  private readonly aside: AggregatesSetAside;
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
  ) {
    this.settings = { ...SETTINGS, ...settings };
    this.queue = new RelayQueue(this.settings);
    this.aside = new AggregatesSetAside(this.settings.retryAfter);
    this.sweeper = new Sweeper(outbox, this.queue, this.aside, this.settings.sweepAfter);
    outbox.onCommit((commit) => this.takeCommit(commit));
  }

  /** The aggregates of which the log refuses an event. */
  get setAside(): readonly SetAside[] {
    return this.aside.list;
  }

  get topic(): string {
    return this.outbox.topic;
  }

  /** Starts to publish and to sweep. */
  start(): void {
    this.running = Promise.all([this.publishQueued(), this.sweepRegularly()]);
    void this.learnLimitRegularly();
  }

  /** Publishes nothing more than what is on its way, until {@link resume}. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const each of SIGNALS) this.signals.emit(each);
  }

  /**
   * Publishes what is queued, for at most `timeoutMs` milliseconds, and stops. What then still waits stays in the outbox.
   */
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
      // What finds no room is found by a sweep.
      if (this.queue.push({ ...event, id })) this.signals.emit('queued');
    } else {
      // Somebody else has events before it to publish, and may be gone.
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
      // At most one trim runs beside the publishing, so a slow database holds the relay back instead of piling up.
      await this.trimming;
      this.trimming = this.trim(published);
      const isStreaming = this.queue.size > 0 && this.queue.size < this.settings.maxBatch;
      if (isStreaming) await this.pauseFor(LINGER);
    }
  }

  /** Answers those that are in the log. Those of aggregates that were set aside are published last, each by itself. */
  private async publish(batch: readonly Queued[]): Promise<readonly Queued[]> {
    if (this.aside.size === 0) return this.publishUnlessRefused(batch);
    const published = [...(await this.publishUnlessRefused(batch.filter(({ id }) => !this.aside.has(id))))];
    for (const event of batch.filter(({ id }) => this.aside.has(id))) {
      if (this.aside.holds(event.id)) continue;
      published.push(...(await this.publishUnlessRefused([event])));
    }
    return published;
  }

  /** What is refused among many is found by halves. */
  private async publishUnlessRefused(batch: readonly Queued[]): Promise<readonly Queued[]> {
    const [first] = batch;
    if (!first) return [];
    try {
      await this.publishAll(batch);
      if (this.aside.release(first.id)) this.goOnWith(first.id);
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
    const records = batch.map(toRecord);
    await retryUntilDone(() => this.bus.publish(this.topic, records), {
      signal: this.aborting.signal,
      onFailure: (error, failures) => {
        if (isRefused(error)) throw error;
        this.logger.warn({ err: error, topic: this.topic, events: batch.length, failures }, 'cannot publish yet');
      },
    });
  }

  /** With what waits behind an event that the log takes after all. */
  private goOnWith(id: string): void {
    this.logger.info({ topic: this.topic, id }, 'the log takes the event now; its aggregate is published again');
    this.sweeper.want(id);
    this.signals.emit('wanted');
  }

  private putAside(event: Queued, error: unknown): void {
    this.queue.drop(event.id);
    if (!this.aside.add(event)) return;
    const { id, version, json } = event;
    const line = { err: error, topic: this.topic, id, version, bytes: Buffer.byteLength(json) };
    this.logger.error(line, 'the log refuses an event; its aggregate is set aside');
  }

  private async trim(published: readonly Queued[]): Promise<void> {
    const versions = new Map(published.map(({ id, version }) => [id, version]));
    let areTrimmed = false;
    try {
      if (versions.size > 0) await this.outbox.trim(versions);
      areTrimmed = true;
    } catch (error) {
      this.logger.warn({ err: error, topic: this.topic }, 'cannot trim; the sweeper will publish again');
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
      const canGoOn = this.sweeper.isAsked && !this.queue.isFull && !this.isPaused;
      if (taken.size === 0 && !canGoOn) await this.signalled('wanted', sweepEvery);
    }
  }

  /** Answers what it took up, once that is published and trimmed. */
  private async sweep(isBusy: boolean): Promise<ReadonlyMap<string, number>> {
    let taken: ReadonlyMap<string, number> = new Map();
    try {
      if (!this.isPaused) taken = await this.sweeper.sweep(isBusy);
    } catch (error) {
      this.logger.warn({ err: error, topic: this.topic }, 'cannot sweep yet');
    }
    if (taken.size > 0) this.signals.emit('queued');
    // They would be found again, and again, until then.
    const isQueued = ([id, version]: [string, number]) => this.queue.endsWith(id, version);
    while ([...taken].some(isQueued) && !this.stopping.signal.aborted) await this.signalled('trimmed');
    return taken;
  }

  /** A topic's settings may be changed while the process runs. */
  private async learnLimitRegularly(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        this.outbox.limitEvents(await eventLimitOf(this.bus, this.topic));
      } catch (error) {
        this.logger.debug({ err: error, topic: this.topic }, 'cannot see the settings of the topic');
      }
      await this.pauseFor(this.settings.retryAfter);
    }
  }

  /** Answers at the next signal, after so many milliseconds, or when the relay stops. */
  private signalled(name: Signal, longest?: number): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = longest === undefined ? undefined : setTimeout(done, longest);
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
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** True where the log will never take a record, for its size; everything else is tried again. */
function isRefused(error: unknown): boolean {
  return isCodedError(error) && error.kind === 'too-large';
}

function toRecord({ id, json }: Queued): BusRecord {
  return {
    key: Buffer.from(id),
    value: Buffer.from(json),
    headers: { 'content-type': CLOUD_EVENT_CONTENT_TYPE },
  };
}
