import type { Backlog, Outbox, PendingAggregate } from '../aggregate/aggregates.js';
import { cached } from '../tools/cached.js';

/** The unpublished events of an outbox. */
export interface BacklogReport {
  readonly topic: string;
  /** Number of events; undefined while the database is unavailable. */
  readonly events?: number;
  /** True if there are more events than counted. */
  readonly isMore?: true;
  /** Age of the oldest event in seconds; undefined when there is none. */
  readonly oldestSeconds?: number;
  /** RFC 3339; time of the count. */
  readonly asOf?: string;
  /** Number of aggregates whose next event the topic refuses. */
  readonly setAside: number;
}

/** Reports the size and the age of an outbox's backlog. */
export class BacklogWatch {
  private readonly latest = cached(() => this.count());
  /** When the ends of the backlog were first seen, by the process's monotonic clock. */
  private seen = new Map<string, number>();

  constructor(
    private readonly outbox: Pick<Outbox, 'topic' | 'backlog'>,
    private readonly relay: { readonly setAside: { readonly length: number } },
  ) {}

  /** Returns the latest report. Never throws and never waits long. */
  async report(): Promise<BacklogReport> {
    const latest = await this.latest();
    return { topic: this.outbox.topic, ...latest, setAside: this.relay.setAside.length };
  }

  private async count(): Promise<Omit<BacklogReport, 'topic' | 'setAside'>> {
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
   * Returns the longer of two: the age by the events' timestamps, and the time for which this process has seen the same
   * events pending. A timestamp may be in the future; such an event sorts last.
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
