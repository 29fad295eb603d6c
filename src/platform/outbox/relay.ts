import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Outbox, PendingEvent, Unpublished } from '../aggregate/aggregates.js';
import { retryUntilDone } from '../backoff.js';
import type { Bus, BusRecord } from '../bus/bus.js';
import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';

export interface RelaySettings {
  /** Most events in one publish. */
  readonly maxBatch: number;
  /** Most events in memory; what a commit hands over past that is left to the sweeper. */
  readonly maxQueued: number;
  /** Most characters of JSON that these have together; what goes beyond is left to the sweeper, too. */
  readonly maxQueuedLength: number;
  /** Milliseconds between two sweeps. */
  readonly sweepEvery: number;
  /** Milliseconds that an event is left to the instance that committed it before a sweep takes it up. */
  readonly sweepAfter: number;
}

const SETTINGS: RelaySettings = {
  maxBatch: 500,
  maxQueued: 20_000,
  maxQueuedLength: 32 * 1024 ** 2,
  sweepEvery: 1_000,
  sweepAfter: 2_000,
};

/** Most aggregates in one sweep: enough that the publishing hardly stops between two of them. */
const MOST_SWEPT = 1_000;
/**
 * Milliseconds that a publish is put off where events come all the time: few large batches cost everybody much less than
 * many small ones. An event that comes by itself is published at once.
 */
const LINGER = 40;
/** Aggregates whose newest trimmed version is remembered: those of several seconds under full load. */
const MOST_TRIMMED = 10_000;

interface Queued extends PendingEvent {
  readonly id: string;
}

/**
 * Moves committed events from an outbox to the bus and then trims them. Of each aggregate it publishes in order of
 * version and skips none: whoever hands an aggregate over hands over all that it has pending.
 *
 * It may publish an event twice (a crash before the trim, another instance's sweep); readers skip by version.
 */
export class Relay {
  private queue: Queued[] = [];
  /** Characters of JSON in the queue. */
  private queuedLength = 0;
  /** The newest version of each aggregate that is queued, being published or not trimmed yet. */
  private readonly newestQueued = new Map<string, number>();
  /** The newest version that was trimmed of each aggregate, the latest trimmed last. */
  private readonly trimmed = new Map<string, number>();
  private wake: () => void = () => undefined;
  private readonly stopping = new AbortController();
  private readonly aborting = new AbortController();
  private running: Promise<unknown> = Promise.resolve();
  private trimming: Promise<void> = Promise.resolve();
  private readonly trims = new EventEmitter();
  private readonly settings: RelaySettings;

  constructor(
    private readonly outbox: Outbox,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly logger: Logger,
    settings: Partial<RelaySettings> = {},
  ) {
    this.settings = { ...SETTINGS, ...settings };
    outbox.onCommit((unpublished) => this.enqueue(this.withoutTrimmed(unpublished)));
  }

  /** Starts to publish and to sweep. */
  start(): void {
    this.running = Promise.all([this.publishQueued(), this.sweepRegularly()]);
  }

  /**
   * Publishes what is queued, for at most `patience` milliseconds, and stops. What then still waits stays in the outbox.
   */
  async stop(patience: number): Promise<void> {
    this.stopping.abort();
    this.wake();
    const impatience = setTimeout(() => this.aborting.abort(new Error('the relay stops')), patience);
    await this.running;
    await this.trimming;
    clearTimeout(impatience);
  }

  private enqueue({ id, pending }: Unpublished): void {
    const { maxQueued, maxQueuedLength } = this.settings;
    const isFull = this.queue.length >= maxQueued || this.queuedLength >= maxQueuedLength;
    if (this.aborting.signal.aborted || isFull || pending.length === 0) return;
    const newest = this.newestQueued.get(id) ?? 0;
    for (const entry of pending) {
      if (entry.version <= newest) continue;
      this.queue.push({ ...entry, id });
      this.queuedLength += entry.json.length;
    }
    this.newestQueued.set(id, Math.max(newest, pending.at(-1)?.version ?? 0));
    this.wake();
  }

  /** A commit that read its aggregate before a trim hands over what was published by then. */
  private withoutTrimmed({ id, pending }: Unpublished): Unpublished {
    const trimmed = this.trimmed.get(id) ?? 0;
    return { id, pending: pending.filter(({ version }) => version > trimmed) };
  }

  private async publishQueued(): Promise<void> {
    for (;;) {
      if (this.queue.length === 0) {
        if (this.stopping.signal.aborted) return;
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      const batch = this.queue.slice(0, this.settings.maxBatch);
      this.queue = this.queue.slice(this.settings.maxBatch);
      this.queuedLength -= batch.reduce((sum, { json }) => sum + json.length, 0);
      try {
        await this.publish(batch);
      } catch {
        return;
      }
      // At most one trim runs beside the publishing, so a slow database holds the relay back instead of piling up.
      await this.trimming;
      this.trimming = this.trim(batch);
      const isStreaming = this.queue.length > 0 && this.queue.length < this.settings.maxBatch;
      if (isStreaming) await sleep(LINGER, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async publish(batch: readonly Queued[]): Promise<void> {
    const records = batch.map(toRecord);
    await retryUntilDone(() => this.bus.publish(this.outbox.topic, records), {
      signal: this.aborting.signal,
      onFailure: (error, failures) =>
        this.logger.warn(
          { err: error, topic: this.outbox.topic, events: batch.length, failures },
          'cannot publish yet',
        ),
    });
  }

  private async trim(batch: readonly Queued[]): Promise<void> {
    const published = new Map(batch.map(({ id, version }) => [id, version]));
    try {
      await this.outbox.trim(published);
      this.remember(published);
    } catch (error) {
      this.logger.warn({ err: error, topic: this.outbox.topic }, 'cannot trim; the sweeper will publish again');
    }
    for (const [id, version] of published) {
      if (this.newestQueued.get(id) === version) this.newestQueued.delete(id);
    }
    this.trims.emit('trim');
  }

  private remember(published: ReadonlyMap<string, number>): void {
    for (const [id, version] of published) {
      this.trimmed.delete(id);
      this.trimmed.set(id, version);
    }
    for (const id of this.trimmed.keys()) {
      if (this.trimmed.size <= MOST_TRIMMED) return;
      this.trimmed.delete(id);
    }
  }

  private async sweepRegularly(): Promise<void> {
    const { sweepEvery, sweepAfter } = this.settings;
    const { signal } = this.stopping;
    // What a crash left behind is nobody else's to publish, so the first sweep takes all there is.
    let olderThan = 0;
    while (!signal.aborted) {
      const found = await this.sweep(olderThan).catch((error: unknown) => {
        this.logger.warn({ err: error, topic: this.outbox.topic }, 'cannot sweep yet');
        return 0;
      });
      const moreIsLikely = found >= MOST_SWEPT;
      if (!moreIsLikely) await sleep(sweepEvery, undefined, { signal }).catch(() => undefined);
      olderThan = moreIsLikely ? olderThan : sweepAfter;
    }
  }

  /** Answers how many aggregates there were, once what was found of them is published and trimmed. */
  private async sweep(olderThan: number): Promise<number> {
    const before = new Date(Date.now() - olderThan).toISOString();
    const found = await this.outbox.unpublished(before, MOST_SWEPT);
    for (const unpublished of found) this.enqueue(unpublished);
    const { signal } = this.stopping;
    const isQueued = ({ id, pending }: Unpublished) => this.newestQueued.get(id) === pending.at(-1)?.version;
    // They would be found again, and again, until then.
    while (found.some(isQueued) && !signal.aborted) await once(this.trims, 'trim', { signal }).catch(() => undefined);
    return found.length;
  }
}

function toRecord({ id, json }: Queued): BusRecord {
  return {
    key: Buffer.from(id),
    value: Buffer.from(json),
    headers: { 'content-type': CLOUD_EVENT_CONTENT_TYPE },
  };
}
