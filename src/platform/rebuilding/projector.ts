import type { Aggregate, Unpublished } from '../aggregate/aggregates.js';
import { eventOf } from '../aggregate/pending-event.js';
import { retryUntilDone } from '../tools/backoff.js';
import type { Bus, LoggedRecord, LogReader, NextRecord, ReadFrom, RecordHandler } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import type { Lease } from '../log/lease.js';
import { originalHashes } from '../event/copied-event.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import { isUnavailable } from '../tools/errors.js';
import { restoreInto } from './restore-into.js';
import type { StateChange } from '../views/read-own-events.js';
import { applyRecords, type Refused } from '../consuming/apply-records.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Observed, ObservedEvent } from './observed-event.js';
import type { Replayable, SystemOfRecord } from './replayable.js';
import { watchedProjection } from './watched-projection.js';

/** A record that cannot be applied, and the reason. */
export type RefusedRecord = Pick<Refused, 'record' | 'reason'>;

export interface ProjectorOptions {
  /** Stops the projector when aborted. */
  readonly signal: AbortSignal;
  /** Which part of the log to read. Default: all of it. */
  readonly from?: Pick<ReadFrom, 'partitions' | 'startAt'>;
  /** Returns the records whose events are not to be applied. */
  readonly passOver?: (events: readonly ObservedEvent[]) => Promise<ReadonlySet<LoggedRecord>>;
  /** RFC 3339, UTC. Ignores later events, except those that erase personal data. */
  readonly until?: string | undefined;
  /**
   * Called with every event, after the projections have applied it: in partition order, or window by window in topics
   * that are read the newest first.
   */
  readonly observe?: (events: readonly ObservedEvent[]) => Promise<void>;
  /** Restores only the newest states. Without it, every event is opened and applied, so that each is checked. */
  readonly newestOnly?: {
    /** Called with observed events that turned out to be unreadable later. */
    readonly retract: (events: readonly ObservedEvent[]) => Promise<void>;
    /** Records of a window of the topics that are read the newest first. Default: {@link WINDOW}. */
    readonly window?: number;
  };
  /** Called for every record that cannot be applied. */
  readonly onRefused?: (refused: RefusedRecord) => void;
  /** Called when a dependency is unavailable. The same records are then retried. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Records of a window. All partitions together should have no more in theirs than states are kept back, so that only the
 * newest state of a window is restored; six partitions have. Less is slower: a reader may fetch a few thousand records
 * beyond the end of each window.
 */
const WINDOW = 8_000;
/** Pending events per batch, in characters of JSON. */
const MAX_BATCH_LENGTH = 4 * 1024 ** 2;

const NONE: ReadonlySet<string> = new Set();

/** Reads the whole log and applies it to the projections of a context. */
export class LogProjector {
  private readonly projections: ReadonlyMap<string, Subscription>;
  private readonly inFlight = new Set<Promise<void>>();
  private reader: LogReader | undefined;
  private sealed = false;
  /** Ids of the changed aggregates, by topic. */
  private marked: Map<string, Set<string>> | undefined;

  private constructor(
    private readonly bus: Bus,
    private readonly target: Replayable,
    private readonly options: ProjectorOptions,
  ) {
    const projections = options.newestOnly ? target.newestOnly : target.projections;
    this.projections = new Map(projections.map((projection) => [projection.topic, projection]));
  }

  static async start(bus: Bus, target: Replayable, options: ProjectorOptions): Promise<LogProjector> {
    const projector = new LogProjector(bus, target, options);
    const { newestOnly } = options;
    const window = (topic: string) =>
      newestOnly && target.newestFirst.has(topic) ? (newestOnly.window ?? WINDOW) : Infinity;
    projector.reader = await bus.read(
      [...projector.projections.keys()],
      (records, lease) => projector.take(records, lease),
      { ...options.from, window },
    );
    options.signal.addEventListener('abort', () => void projector.stop(), { once: true });
    return projector;
  }

  /** Records applied so far, and records in total. */
  get progress(): LogReader['progress'] {
    return this.reader?.progress ?? { read: 0, total: 0 };
  }

  /** Returns the partitions that a topic had in former generations. */
  async formerPartitions(topic: string): Promise<ReadonlySet<unknown>> {
    const extents = await this.bus.extents(topic);
    return new Set(extents.filter(({ isFormer }) => isFormer).map(({ partition }) => partition));
  }

  /** Resolves when the projections have every record that was in the log at the time of the call. */
  async caughtUp(): Promise<void> {
    const { signal } = this.options;
    try {
      await this.reader?.caughtUp();
      await this.settle();
    } finally {
      // If it was stopped, report that, and not the errors that follow from it.
      signal.throwIfAborted();
    }
  }

  /** Returns up to where each partition is applied. */
  positions(): readonly NextRecord[] {
    return this.reader?.positions() ?? [];
  }

  /** Ends the reading where it is. @returns where another projector can go on: everything before is applied */
  async finish(): Promise<readonly NextRecord[]> {
    await this.reader?.stop();
    await this.settle();
    return this.positions();
  }

  /** Starts to remember which of the context's own aggregates change. */
  mark(): void {
    this.marked = new Map(this.target.systemsOfRecord.map(({ stream: { topic } }) => [topic, new Set()]));
  }

  /** The ids of a topic's aggregates that changed since {@link mark}. */
  moved(topic: string): ReadonlySet<string> {
    return this.marked?.get(topic) ?? new Set();
  }

  /**
   * Applies the pending events in the outboxes to the context's own aggregates, as if they were logged already.
   * @param live has the outboxes
   */
  async applyPending(live: Replayable): Promise<void> {
    for (const [index, { store }] of live.systemsOfRecord.entries()) {
      let batch: Unpublished[] = [];
      let length = 0;
      for await (const entry of store.unpublished()) {
        batch.push(entry);
        length += entry.pending.reduce((sum, { json }) => sum + json.length, 0);
        if (length < MAX_BATCH_LENGTH) continue;
        await this.applyUnpublished(index, batch);
        [batch, length] = [[], 0];
      }
      await this.applyUnpublished(index, batch);
    }
  }

  /** Applies pending events of one aggregate type: the one at `index` of the context's systems of record. */
  async applyUnpublished(index: number, unpublished: readonly Unpublished[]): Promise<void> {
    const { read, store, keys } = this.target.systemsOfRecord[index] as SystemOfRecord;
    const events = unpublished.flatMap(({ pending }) => pending.map(eventOf));
    const opened = (await keys?.open(events)) ?? events;
    const changes = opened.flatMap((event) => {
      if (event instanceof UnreadableRecord) throw event;
      return read(event) ?? [];
    });
    await restoreInto(store, changes, keys?.source);
  }

  /** Returns the changes of the logged events with these hashes, by hash. Reads the topic again. */
  async changesOf(
    { stream: { topic }, read }: SystemOfRecord,
    hashes: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, StateChange<Aggregate>>> {
    const changes = new Map<string, StateChange<Aggregate>>();
    if (hashes.size === 0) return changes;
    const collecting: Subscription = {
      ...{ topic, group: '', open: this.oneByOne(topic).open },
      read: (event) => {
        const { hash = '' } = originalHashes(event);
        const change = hashes.has(hash) ? read(event) : undefined;
        if (change) changes.set(hash, change);
        return undefined;
      },
      react: () => Promise.resolve(),
    };
    await this.readAgain(topic, (records, lease) => applyRecords(collecting, records, lease).then(() => undefined));
    return changes;
  }

  /** Stops taking records. Resolves when the records in flight are applied; nothing is written after that. */
  async seal(): Promise<void> {
    this.sealed = true;
    await Promise.allSettled(this.inFlight);
  }

  async stop(): Promise<void> {
    await this.seal();
    await this.reader?.stop();
  }

  private async settle(): Promise<void> {
    for (const { topic, settle } of this.projections.values()) {
      const unread = settle ? await this.untilDone(settle) : NONE;
      if (unread.size > 0) await this.applyOneByOne(topic, unread);
    }
  }

  /** Applies all events of these aggregates one by one: the newest that can be applied counts. */
  private async applyOneByOne(topic: string, ids: ReadonlySet<string>): Promise<void> {
    const late = this.projections.get(topic) as Subscription;
    await this.readAgain(topic, async (all, lease) => {
      // Not those that were refused before: they were told of, and are in no chain.
      const records = all.filter((record) => ids.has(subjectOf(record, late) ?? ''));
      if (records.length === 0) return;
      const observed = await this.apply(this.oneByOne(topic), records, lease);
      await this.options.newestOnly?.retract(observed.filter(({ isUnread }) => isUnread));
    });
  }

  private oneByOne(topic: string): Subscription {
    return this.target.projections.find((each) => each.topic === topic) as Subscription;
  }

  /** Reads a topic from its beginning to its end. */
  private async readAgain(topic: string, handler: RecordHandler): Promise<void> {
    const { signal } = this.options;
    await readToEnd(this.bus, [topic], (records, lease) => {
      signal.throwIfAborted();
      return handler(records, lease);
    });
  }

  private take(records: readonly LoggedRecord[], lease: Lease): Promise<void> {
    if (this.sealed) return Promise.resolve();
    const taken = this.project(records, lease);
    this.inFlight.add(taken);
    return taken.finally(() => this.inFlight.delete(taken));
  }

  private async project(records: readonly LoggedRecord[], lease: Lease): Promise<void> {
    const projection = this.projections.get((records[0] as LoggedRecord).topic) as Subscription;
    const observed = await this.apply(projection, records, lease);
    await this.options.observe?.(observed);
  }

  /** Applies records, and returns their events. */
  private async apply(
    projection: Subscription,
    records: readonly LoggedRecord[],
    lease: Lease,
  ): Promise<readonly ObservedEvent[]> {
    const { onRefused } = this.options;
    const observed: Observed[] = [];
    const { erasing } = this.target;
    const marked = this.marked?.get(projection.topic);
    const watched = watchedProjection(projection, { ...this.options, erasing, marked }, observed);
    const refused = await this.untilDone(() => {
      observed.length = 0;
      return applyRecords(watched, records, lease);
    });
    for (const unread of refused) onRefused?.(unread);
    const unread = new Set(refused.map(({ record }) => record));
    if (unread.size === 0) return observed;
    return observed.map((each) => (unread.has(each.record) ? { ...each, isUnread: true } : each));
  }

  /** Repeats work while a dependency is unavailable. */
  private untilDone<T>(work: () => Promise<T>): Promise<T> {
    const { signal, onFailure } = this.options;
    return retryUntilDone(work, {
      signal,
      onFailure: (error) => {
        if (!isUnavailable(error)) throw error;
        onFailure?.(error);
      },
    });
  }
}

function subjectOf(record: LoggedRecord, late: Subscription): string | undefined {
  try {
    const event = parseCloudEvent(record);
    late.readSealed?.(event, record);
    return event.subject;
  } catch {
    return undefined;
  }
}
