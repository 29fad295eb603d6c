import type { Restorable, Restored } from '../aggregate/aggregates.js';
import { eventOf } from '../aggregate/pending-event.js';
import { retryUntilDone } from '../backoff.js';
import type { Bus, LoggedRecord, Reading } from '../bus/bus.js';
import type { Lease } from '../bus/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { isUnavailable } from '../errors.js';
import { applyRecords, type Refused } from '../subscriber/apply-records.js';
import type { Subscription } from '../subscriber/subscription.js';
import type { Replayable } from './replayable.js';

/** A record that can be made nothing of, and why. */
export type Unread = Pick<Refused, 'record' | 'reason'>;

export interface FoldOptions {
  /** Ends the fold when it is aborted. */
  readonly signal: AbortSignal;
  /** RFC 3339, UTC: leaves out what happened later. */
  readonly until?: string | undefined;
  /** Is shown every event, in the order of its partition, once the projections have it. */
  readonly observe?: (events: readonly ObservedEvent[]) => Promise<void>;
  /** Is told of every record that cannot. */
  readonly onUnread?: (unread: Unread) => void;
  /** Is told that a dependency is away, and that the same records will be tried again. */
  readonly onFailure?: (error: unknown) => void;
}

export interface ObservedEvent {
  readonly event: CloudEvent;
  readonly record: LoggedRecord;
}

/** More than this waiting to be published is no backlog of a moment: the log is away, or nobody publishes. */
const MOST_PENDING = 10_000;

/** Where an event is that is not in the log yet. */
const NOT_LOGGED: LoggedRecord = { topic: '', partition: -1, offset: -1, key: null, value: null, headers: {} };

/** The log, read from its beginning into the projections of a context. */
export class Fold {
  private readonly projections: ReadonlyMap<string, Subscription>;
  private readonly inHand = new Set<Promise<void>>();
  private reading: Reading | undefined;
  private sealed = false;
  private marked: Set<string> | undefined;

  private constructor(
    private readonly target: Replayable,
    private readonly options: FoldOptions,
  ) {
    this.projections = new Map(target.projections.map((projection) => [projection.topic, projection]));
  }

  static async start(bus: Bus, target: Replayable, options: FoldOptions): Promise<Fold> {
    const fold = new Fold(target, options);
    fold.reading = await bus.read([...fold.projections.keys()], (records, lease) => fold.take(records, lease));
    options.signal.addEventListener('abort', () => void fold.stop(), { once: true });
    return fold;
  }

  /** Records done, and records to do. */
  get progress(): Reading['progress'] {
    return this.reading?.progress ?? { read: 0, total: 0 };
  }

  /** Answers when everything that is in the log at the time of the call is in the projections. */
  async caughtUp(): Promise<void> {
    const { signal } = this.options;
    try {
      await this.reading?.caughtUp();
    } finally {
      // That it was stopped is the reason of all that follows from it.
      signal.throwIfAborted();
    }
  }

  /** From now on the fold remembers which aggregates of the context's own it moves. */
  mark(): void {
    this.marked = new Set();
  }

  /** The ids of the aggregates that it moved since {@link mark}. */
  get moved(): ReadonlySet<string> {
    return this.marked ?? new Set();
  }

  /**
   * Applies what is committed and not published yet to the context's own aggregates, as if it were in the log already.
   * Answers their ids.
   * @throws Error when there is more than a moment's worth.
   */
  async applyPending(store: Restorable): Promise<readonly string[]> {
    const waiting = await store.unpublished('9999', MOST_PENDING + 1);
    if (waiting.length > MOST_PENDING) {
      throw new Error(`more than ${MOST_PENDING} aggregates have events that are not published yet: is the log away?`);
    }
    const { systemOfRecord } = this.target;
    const projection = this.projections.get(systemOfRecord.topic) as Subscription;
    const events = waiting.flatMap(({ pending }) => pending.map(eventOf));
    const states = events.flatMap((event) => (projection.read(event, NOT_LOGGED) ?? []) as Restored<unknown>);
    await systemOfRecord.restore(states);
    return waiting.map(({ id }) => id);
  }

  /** Answers when what is in hand is in the projections; nothing is written to them after that. */
  async seal(): Promise<void> {
    this.sealed = true;
    await Promise.allSettled(this.inHand);
  }

  async stop(): Promise<void> {
    await this.seal();
    await this.reading?.stop();
  }

  private take(records: readonly LoggedRecord[], lease: Lease): Promise<void> {
    if (this.sealed) return Promise.resolve();
    const taken = this.project(records, lease);
    this.inHand.add(taken);
    return taken.finally(() => this.inHand.delete(taken));
  }

  private async project(records: readonly LoggedRecord[], lease: Lease): Promise<void> {
    const { signal, onFailure, observe, onUnread } = this.options;
    const projection = this.projections.get((records[0] as LoggedRecord).topic) as Subscription;
    const observed: ObservedEvent[] = [];
    const apply = () => {
      observed.length = 0;
      return applyRecords(this.watched(projection, observed), records, lease);
    };
    const refused = await retryUntilDone(apply, {
      signal,
      onFailure: (error) => {
        if (!isUnavailable(error)) throw error;
        onFailure?.(error);
      },
    });
    for (const unread of refused) onUnread?.(unread);
    await observe?.(observed);
  }

  /** The projection, as it is to be applied here. */
  private watched(projection: Subscription, observed: ObservedEvent[]): Subscription {
    const { until } = this.options;
    const isOwn = projection.topic === this.target.systemOfRecord.topic;
    return {
      ...projection,
      read: (event, record) => {
        observed.push({ event, record });
        if (until !== undefined && event.time > until) return undefined;
        if (isOwn) this.marked?.add(event.subject);
        return projection.read(event, record);
      },
    };
  }
}
