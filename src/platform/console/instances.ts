import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Bus, LoggedRecord, LogReader } from '../log/bus.js';
import { CONSOLE_TOPICS, INSTANCES_TOPIC } from '../log/topics.js';
import { cached } from '../tools/cached.js';
import { withTimeout } from '../tools/timeout.js';
import type { InstanceStatus } from './flow.js';
import { parseStatement } from './statement.js';

/** Milliseconds between two statements of an instance. */
const STATE_INTERVAL_MS = 2_000;
/** Milliseconds without a statement after which an instance counts as gone. */
const GONE_AFTER_MS = 15_000;
/** Milliseconds after which an instance that is gone is not shown any more. */
const FORGET_AFTER_MS = 120_000;
const PUBLISH_TIMEOUT_MS = 5_000;
/** Milliseconds without a question after which the statements are not read any more. */
const IDLE_AFTER_MS = 30_000;
/** Statements of each partition that are read at first: several of each instance. */
const NEWEST = 200;

interface Heard {
  readonly status: InstanceStatus;
  /** By this process's own monotonic clock, in milliseconds. */
  readonly at: number;
}

/** Settings of {@link Instances}. */
export interface InstancesOptions {
  readonly bus: Bus;
  /** The id that this instance states. */
  readonly id: string;
  /** Returns what this instance states. Never throws. */
  readonly own: () => Promise<InstanceStatus>;
  /** False if no other process can use the bus (embedded log): then nothing is published. */
  readonly isShared: boolean;
  readonly logger: Logger;
}

/**
 * The instances of the system. Each states itself on a topic that all of them share; one whose console is open reads
 * it. So they find each other without calls.
 */
export class Instances {
  private readonly heard = new Map<string, Heard>();
  private readonly listen = cached(() => this.hear());
  private reading: Promise<LogReader> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private isStopped = false;
  /** Number of the newest own statement that is in the log, and of the newest that was read from there. */
  private readonly own = { written: 0, read: 0 };
  /** `own.written` when the reader started. */
  private writtenBefore = 0;

  constructor(private readonly options: InstancesOptions) {}

  /** States this instance until `signal` is aborted. Never throws. */
  async state(signal: AbortSignal): Promise<void> {
    const { bus, own, isShared, logger } = this.options;
    if (!isShared) return;
    let isCreated = false;
    for (let number = 1; !signal.aborted; number += 1) {
      const status = await own();
      const record = {
        key: Buffer.from(status.id),
        value: Buffer.from(JSON.stringify(status)),
        headers: { number: String(number) },
      };
      const publish = async () => {
        if (!isCreated) await bus.createTopics([...CONSOLE_TOPICS.keys()], CONSOLE_TOPICS);
        isCreated = true;
        await bus.publish(INSTANCES_TOPIC, [record]);
      };
      try {
        await withTimeout(PUBLISH_TIMEOUT_MS, publish());
        this.own.written = number;
      } catch (error) {
        // A Kafka that was restored may lack the topic.
        isCreated = false;
        logger.debug({ err: error }, 'cannot state this instance yet');
      }
      await sleep(STATE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
    this.isStopped = true;
    await this.rest();
  }

  /** Returns all instances, this one first. The others are as of their last statement. Never takes long. */
  async all(): Promise<readonly InstanceStatus[]> {
    const own = await this.options.own();
    if (this.options.isShared && !this.isStopped) {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => void this.rest(), IDLE_AFTER_MS).unref();
      await this.listen();
    }
    this.forgetOld();
    const now = performance.now();
    const others = [...this.heard.values()]
      .map(({ status, at }) => (now - at < GONE_AFTER_MS ? status : { ...status, status: 'gone' as const }))
      .sort((one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id));
    return [own, ...others];
  }

  /** Stops to read; {@link all} begins again. */
  private async rest(): Promise<void> {
    clearTimeout(this.idle);
    this.heard.clear();
    await this.stopReading();
  }

  private async hear(): Promise<void> {
    try {
      const { written } = this.own;
      this.reading ??= this.read();
      await (await this.reading).caughtUp();
      // A topic that was created again is shorter than what was read of it, and nothing of it would be delivered.
      const isDeaf = written > this.writtenBefore && this.own.read < written;
      if (isDeaf) throw new Error(`this instance does not read its own statements on ${INSTANCES_TOPIC}`);
    } catch (error) {
      this.options.logger.debug({ err: error }, 'cannot read the statements of other instances yet');
      await this.stopReading();
    }
  }

  private read(): Promise<LogReader> {
    this.writtenBefore = this.own.written;
    return this.options.bus.read([INSTANCES_TOPIC], (records) => this.take(records), { newest: NEWEST });
  }

  private async stopReading(): Promise<void> {
    const { reading } = this;
    this.reading = undefined;
    await reading?.then((reader) => reader.stop()).catch(() => undefined);
  }

  private take(records: readonly LoggedRecord[]): Promise<void> {
    for (const { value, headers } of records) {
      const status = parseStatement(value);
      if (status && status.id !== this.options.id) this.heard.set(status.id, { status, at: performance.now() });
      else if (status) this.hearOwn(status, Number(headers.number));
    }
    return Promise.resolve();
  }

  /**
   * What is before an own statement in the log is at least as old as that. Other instances' clocks may differ, so the
   * times that they state say nothing of their age.
   */
  private hearOwn({ at: statedAt }: InstanceStatus, number: number): void {
    this.own.read = Math.max(this.own.read, number);
    const at = performance.now() - (Date.now() - Date.parse(statedAt));
    for (const [id, { status, at: heardAt }] of this.heard) this.heard.set(id, { status, at: Math.min(at, heardAt) });
  }

  private forgetOld(): void {
    const now = performance.now();
    for (const [id, { at }] of this.heard) if (now - at > FORGET_AFTER_MS) this.heard.delete(id);
  }
}
