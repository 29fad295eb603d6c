import type { Logger } from 'pino';
import type { Assignment, KafkaLag } from './lag.js';
import type { KafkaLease } from './lease.js';
import { Standstill } from './standstill.js';

/** What a watchdog has to know of a consumer. Partitions are named `topic/partition`. */
export interface Watched {
  /** Undefined while it is no member of its group. */
  readonly assigned: Assignment | undefined;
  /** Of the handlers that are at work. */
  readonly leases: ReadonlySet<KafkaLease>;
  /** Partitions whose records were done since this was last asked. */
  takeMoved(): ReadonlySet<string>;
  /** True while the partition waits before its records are tried again. */
  waits(partition: string): boolean;
}

/**
 * Looks again and again whether a consumer moves that is behind. A client may be alive, joined and connected, and wait for
 * an answer that never comes; nothing but its progress tells.
 */
export class KafkaWatchdog {
  private readonly standstill = new Standstill();
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;

  /**
   * @param interval milliseconds between two looks
   * @param onStandstill told the partitions that the consumer does not move in, when it has to be replaced
   */
  constructor(
    private readonly watched: Watched,
    private readonly lag: KafkaLag,
    interval: number,
    private readonly logger: Logger,
    private readonly onStandstill: (partitions: readonly string[]) => void,
  ) {
    this.timer = setInterval(() => void this.look(), interval).unref();
  }

  /** The partition that has not moved for some time, while it should. */
  get suspect(): string | undefined {
    return this.standstill.suspect;
  }

  stop(): void {
    clearInterval(this.timer);
    this.lag.close();
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const standing = await this.standing();
      if (this.standstill.note(standing)) this.onStandstill(standing);
    } catch (error) {
      // It tells nothing about the consumer.
      this.logger.debug({ err: error }, 'Kafka does not say how far it is behind');
    } finally {
      this.isLooking = false;
    }
  }

  private async standing(): Promise<readonly string[]> {
    const { assigned, leases } = this.watched;
    const moved = this.watched.takeMoved();
    const signs = [...leases].map((lease) => [lease.partition, lease.takeSign()] as const);
    if (!assigned) return [];
    const silent = signs.filter(([, sign]) => sign === 'silent').map(([partition]) => partition);
    // The client fetches nothing before the handlers are done, so one that takes long explains all.
    if (signs.some(([, sign]) => sign !== 'new')) return silent;
    const names = [...assigned].flatMap(([topic, partitions]) => partitions.map((each) => `${topic}/${each}`));
    if (names.every((name) => moved.has(name))) return [];
    const behind = await this.lag.behindIn(assigned);
    return behind.filter((name) => !moved.has(name) && !this.watched.waits(name));
  }
}
