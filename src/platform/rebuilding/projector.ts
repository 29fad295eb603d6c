import type { Aggregate, Unpublished } from '../aggregate/aggregates.js';
import { eventOf } from '../aggregate/pending-event.js';
import { retryUntilDone } from '../tools/backoff.js';
import type { Bus, LoggedRecord, LogReader } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { isUnavailable } from '../tools/errors.js';
import type { RecordedChange } from '../views/history.js';
import { applyRecords, type Refused } from '../consuming/apply-records.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Replayable, SystemOfRecord } from './replayable.js';

/** A record that can be made nothing of, and why. */
export type Unread = Pick<Refused, 'record' | 'reason'>;

export interface ProjectorOptions {
  /** Ends the fold when it is aborted. */
  readonly signal: AbortSignal;
  /** RFC 3339, UTC: leaves out what happened later, but for what takes personal data out. */
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
  /** Nothing can be made of it, though it is an event. */
  readonly isUnread?: true;
}

/** Characters of pending events that are applied at a time. */
const PORTION_LENGTH = 4 * 1024 ** 2;

/** Where an event is that is not in the log yet. */
const NOT_LOGGED: LoggedRecord = { topic: '', partition: -1, offset: -1, key: null, value: null, headers: {} };

/** The log, read from its beginning into the projections of a context. */
export class LogProjector {
  private readonly projections: ReadonlyMap<string, Subscription>;
  private readonly inHand = new Set<Promise<void>>();
  private reading: LogReader | undefined;
  private sealed = false;
  /** By topic. */
  private marked: Map<string, Set<string>> | undefined;

  private constructor(
    private readonly bus: Bus,
    private readonly target: Replayable,
    private readonly options: ProjectorOptions,
  ) {
    this.projections = new Map(target.projections.map((projection) => [projection.topic, projection]));
  }

  static async start(bus: Bus, target: Replayable, options: ProjectorOptions): Promise<LogProjector> {
    const fold = new LogProjector(bus, target, options);
    fold.reading = await bus.read([...fold.projections.keys()], (records, lease) => fold.take(records, lease));
    options.signal.addEventListener('abort', () => void fold.stop(), { once: true });
    return fold;
  }

  /** Records done, and records to do. */
  get progress(): LogReader['progress'] {
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
    this.marked = new Map(this.target.systemsOfRecord.map(({ stream: { topic } }) => [topic, new Set()]));
  }

  /** The ids of a topic's aggregates that it moved since {@link mark}. */
  moved(topic: string): ReadonlySet<string> {
    return this.marked?.get(topic) ?? new Set();
  }

  /**
   * Applies what is committed and not published yet to the context's own aggregates, as if it were in the log already.
   * @param live whose outboxes have it
   */
  async applyPending(live: Replayable): Promise<void> {
    for (const [index, { store }] of live.systemsOfRecord.entries()) {
      let portion: Unpublished[] = [];
      let length = 0;
      for await (const unpublished of store.unpublished()) {
        portion.push(unpublished);
        length += unpublished.pending.reduce((sum, { json }) => sum + json.length, 0);
        if (length < PORTION_LENGTH) continue;
        await this.applyUnpublished(index, portion);
        [portion, length] = [[], 0];
      }
      await this.applyUnpublished(index, portion);
    }
  }

  /** The same for these aggregates of one kind: that at `index` of the context's own. */
  async applyUnpublished(index: number, waiting: readonly Unpublished[]): Promise<void> {
    const { read, store } = this.target.systemsOfRecord[index] as SystemOfRecord;
    const events = waiting.flatMap(({ pending }) => pending.map(eventOf));
    await store.restore(events.flatMap((event) => read(event, NOT_LOGGED) ?? []));
  }

  /** By hash, what some of a kind's events in the log say; reads the topic once more. */
  async changesOf(
    { stream: { topic }, read }: SystemOfRecord,
    hashes: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, RecordedChange<Aggregate>>> {
    const changes = new Map<string, RecordedChange<Aggregate>>();
    if (hashes.size === 0) return changes;
    const collecting: Subscription = {
      ...{ topic, group: '' },
      read: (event, record) => {
        const change = hashes.has(event.hash ?? '') ? read(event, record) : undefined;
        if (change) changes.set(event.hash as string, change);
        return undefined;
      },
      react: () => Promise.resolve(),
    };
    const reading = await this.bus.read([topic], (records, lease) =>
      applyRecords(collecting, records, lease).then(() => undefined),
    );
    try {
      await reading.caughtUp();
      return changes;
    } finally {
      await reading.stop();
    }
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
    const unread = new Set(refused.map(({ record }) => record));
    await observe?.(
      unread.size === 0
        ? observed
        : observed.map((each) => (unread.has(each.record) ? { ...each, isUnread: true } : each)),
    );
  }

  /** The projection, as it is to be applied here. */
  private watched(projection: Subscription, observed: ObservedEvent[]): Subscription {
    const { until } = this.options;
    const { erasing } = this.target;
    return {
      ...projection,
      read: (event, record) => {
        observed.push({ event, record });
        if (until !== undefined && event.time > until && !erasing.includes(event.type)) return undefined;
        this.marked?.get(projection.topic)?.add(event.subject);
        return projection.read(event, record);
      },
    };
  }
}
