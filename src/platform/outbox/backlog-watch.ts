import type { Backlog, Outbox, PendingAggregate } from '../aggregate/aggregates.js';
import { cached } from '../tools/cached.js';

/** What an outbox has to publish. */
export interface BacklogReport {
  readonly topic: string;
  /** Undefined while the database does not tell. */
  readonly events?: number;
  /** There are more events than that. */
  readonly isMore?: true;
  /** Seconds that the oldest of them waits; not there when nothing does. */
  readonly oldestSeconds?: number;
  /** RFC 3339; when that was so. */
  readonly asOf?: string;
  /** Aggregates of which the topic refuses an event. */
  readonly setAside: number;
}

/** Tells, as often as anybody asks, how much an outbox has to publish and for how long. */
export class BacklogWatch {
  private readonly latest = cached(() => this.ask());
  /** Since when the ends of the backlog are seen, by the process's monotonic clock. */
  private seen = new Map<string, number>();

  constructor(
    private readonly outbox: Pick<Outbox, 'topic' | 'backlog'>,
    private readonly relay: { readonly setAside: { readonly length: number } },
  ) {}

  /** Never throws, and never takes long. */
  async report(): Promise<BacklogReport> {
    const latest = await this.latest();
    return { topic: this.outbox.topic, ...latest, setAside: this.relay.setAside.length };
  }

  private async ask(): Promise<Omit<BacklogReport, 'topic' | 'setAside'>> {
    const asOf = new Date().toISOString();
    const backlog = await this.outbox.backlog();
    const oldestSeconds = this.longestWait(backlog);
    return {
      events: backlog.events,
      ...(backlog.isMore && { isMore: true }),
      ...(oldestSeconds !== undefined && { oldestSeconds }),
      asOf,
    };
  }

  /**
   * By the events' own times, or for as long as this process sees the same ones wait, whichever is longer: a time may be
   * in the future, and such an event is the last of them.
   */
  private longestWait({ oldest, newest }: Backlog): number | undefined {
    const now = performance.now();
    const ends = [oldest, newest].filter((end) => end !== undefined);
    this.seen = new Map(ends.map((end) => [keyOf(end), this.seen.get(keyOf(end)) ?? now]));
    const waits = ends.flatMap((end) => [Date.now() - Date.parse(end.time), now - (this.seen.get(keyOf(end)) ?? now)]);
    return waits.length === 0 ? undefined : Math.max(0, ...waits.filter((wait) => !Number.isNaN(wait))) / 1000;
  }
}

function keyOf({ id, version }: PendingAggregate): string {
  return `${id} ${version}`;
}
