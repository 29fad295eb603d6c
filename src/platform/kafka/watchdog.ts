import type { Logger } from 'pino';
import type { Assignment, KafkaLag } from './lag.js';
import type { KafkaLease } from './lease.js';
import { StallDetector } from './stall-detector.js';

/** The view of a consumer that the watchdog needs. Partitions are named `topic/partition`. */
export interface WatchedConsumer {
  /** Undefined while it is not a member of its group. */
  readonly assigned: Assignment | undefined;
  /** Leases of the running handlers. */
  readonly leases: ReadonlySet<KafkaLease>;
  /** Returns the partitions with progress since the last call. */
  takeMoved(): ReadonlySet<string>;
  /** True while the partition is paused before a retry. */
  waits(partition: string): boolean;
}

/**
 * Periodically checks that a lagging consumer makes progress. A client can be alive, joined and connected, and still
 * wait for an answer that never comes. Only its progress shows that.
 */
export class KafkaWatchdog {
  private readonly detector = new StallDetector();
  private readonly timer: NodeJS.Timeout;
  private isChecking = false;

  /**
   * @param interval milliseconds between two checks
   * @param onStall called with the stalled partitions when the consumer should be replaced
   */
  constructor(
    private readonly watched: WatchedConsumer,
    private readonly lag: KafkaLag,
    interval: number,
    private readonly logger: Logger,
    private readonly onStall: (partitions: readonly string[]) => void,
  ) {
    this.timer = setInterval(() => void this.check(), interval).unref();
  }

  /** A partition that lags and has made no progress for some time. */
  get suspect(): string | undefined {
    return this.detector.suspect;
  }

  stop(): void {
    clearInterval(this.timer);
    this.lag.close();
  }

  private async check(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      const stalled = await this.stalledPartitions();
      if (this.detector.note(stalled)) this.onStall(stalled);
    } catch (error) {
      // This is no evidence about the consumer.
      this.logger.debug({ err: error }, 'cannot determine the consumer lag');
    } finally {
      this.isChecking = false;
    }
  }

  private async stalledPartitions(): Promise<readonly string[]> {
    const { assigned, leases } = this.watched;
    const moved = this.watched.takeMoved();
    const heartbeats = [...leases].map((lease) => [lease.partition, lease.takeHeartbeatState()] as const);
    if (!assigned) return [];
    const silent = heartbeats.filter(([, state]) => state === 'silent').map(([partition]) => partition);
    // The client fetches nothing until the handlers are done, so one slow handler explains the lag of all partitions.
    if (heartbeats.some(([, state]) => state !== 'new')) return silent;
    const names = [...assigned].flatMap(([topic, partitions]) => partitions.map((each) => `${topic}/${each}`));
    if (names.every((name) => moved.has(name))) return [];
    const behind = await this.lag.behindIn(assigned);
    return behind.filter((name) => !moved.has(name) && !this.watched.waits(name));
  }
}
