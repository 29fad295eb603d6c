import type { Extensions } from '../event/extensions.js';

/** What the platform knows of every aggregate's state. It is one JSON value: in the store, in events and in answers. */
export interface Aggregate {
  readonly id: string;
  /** 1, 2, 3 ... with no gap: the number of events so far. */
  readonly version: number;
  /** RFC 3339; the time of the first event. */
  readonly createdAt: string;
  /** RFC 3339; the time of the newest event. */
  readonly updatedAt: string;
  /** The person it was about was taken out: nothing but the members named here is left. */
  readonly erased?: true;
}

/** An event that is committed, and not yet known to be in the log. */
export interface PendingEvent {
  readonly version: number;
  /** RFC 3339; the event's own. */
  readonly time: string;
  /** The event as the log will have it: a CloudEvent in JSON. */
  readonly json: string;
}

/** A command that was carried out under an idempotency key. Key and request are digests. */
export interface RememberedCommand<State> {
  readonly key: string;
  /** Not there once the answer was taken back. Called otherwise than `fingerprint`, which had card numbers in it. */
  readonly request?: string;
  /** RFC 3339 */
  readonly at: string;
  /** The version that it led to. */
  readonly version: number;
  /** The state that was answered, once the aggregate has moved on from it. */
  readonly answer?: State;
}

/** What of an aggregate waits to be published, without the events: a command needs none of them. */
export interface PendingSummary {
  /** Version of the oldest pending event. */
  readonly oldest: number;
  /** Bytes that they take, perhaps together with the state beside them: the store bounds how many these may be. */
  readonly bytes: number;
}

export interface StoredAggregate<State extends Aggregate> {
  readonly state: State;
  /** Of the event that led to this state: the next one names it. Not there where that event has none. */
  readonly hash?: string;
  /** Not there when every event is published. */
  readonly pending?: PendingSummary;
  readonly commands: readonly RememberedCommand<State>[];
}

/** The outcome of a decision: what happened, and the state after it. The event states both. */
export interface Change<State extends Aggregate = Aggregate> {
  /** The event's own type, in the past tense: `registered`. */
  readonly type: string;
  readonly state: State;
  /** It takes something back for good: answers that were remembered from before are dropped with it. */
  readonly forgets?: true;
  /** It only states again what the state is: the event says so by these attributes, and names all of the state. */
  readonly restates?: Extensions;
}

/** A change, and the commands that the aggregate is to remember after it. */
export type Saving<State extends Aggregate, Changed extends Change<State> = Change<State>> = Changed & {
  readonly commands: readonly RememberedCommand<State>[];
};

/**
 * The system of record for one kind of aggregate. Saving a state without its event cannot be written: both are one
 * atomic write.
 */
export interface Aggregates<State extends Aggregate, Changed extends Change<State> = Change<State>> {
  /** Called before each command. @throws PlatformError `unavailable` while the store must not be changed. */
  admit(): void;
  /** @throws PlatformError `unavailable` when the store does not answer. */
  find(id: string): Promise<StoredAggregate<State> | undefined>;
  /**
   * Writes the new state and its pending event, which names what the state changes, if the stored version is still the one before it (`before` undefined:
   * if there is none), durably.
   * @throws VersionConflict when another writer was first.
   * @throws PlatformError `too-large` when the log would not take the event.
   * @throws PlatformError `unavailable` when the store does not answer or too many writes wait.
   */
  save(before: StoredAggregate<State> | undefined, saving: Saving<State, Changed>): Promise<void>;
}

/** A commit of this process. */
export interface CommittedEvent {
  readonly id: string;
  readonly event: PendingEvent;
  /** Version of the oldest event that was pending when the aggregate was read; of this one where there was none. */
  readonly oldest: number;
}

/** The oldest events that one aggregate has to publish, in order of version. */
export interface Unpublished {
  readonly id: string;
  readonly pending: readonly PendingEvent[];
}

/** An aggregate that has something to publish, and the oldest event of that. */
export interface PendingAggregate {
  readonly id: string;
  readonly version: number;
  /** RFC 3339; by the clock of the process that committed it, which may be wrong. */
  readonly time: string;
}

/** How much waits to be published. */
export interface Backlog {
  /** Exact where there is no `isMore`. */
  readonly events: number;
  /** There are more events than that: counting has ended where it would cost too much. */
  readonly isMore?: true;
  /** The first and the last of {@link Outbox.pendingAggregates}. */
  readonly oldest?: PendingAggregate;
  readonly newest?: PendingAggregate;
}

/** Which of the events that wait to be read; all where nothing is said. */
export interface UnpublishedQuery {
  /** Of these aggregates. */
  readonly ids?: readonly string[];
  /** Of each aggregate no more than the oldest so many. */
  readonly maxEvents?: number;
}

/** The outbox that lives inside the aggregates' own documents. */
export interface Outbox {
  readonly topic: string;
  /** The relay's fast path: told of every commit of this process. */
  onCommit(listener: (commit: CommittedEvent) => void): void;
  /** From now on `save` refuses events of more bytes: the log would not take them. */
  limitEvents(maxBytes: number): void;
  /**
   * Aggregates with something to publish, about in the order of their events' times: from `from` (RFC 3339; '' is before
   * all) on, and at most `limit` of them.
   */
  pendingAggregates(from: string, limit: number): Promise<readonly PendingAggregate[]>;
  /** The first and the last of all that wait; undefined when nothing does. */
  ends(): Promise<{ readonly oldest: PendingAggregate; readonly newest: PendingAggregate } | undefined>;
  /** What is to be published, aggregate by aggregate, read as it is consumed: only a few are in memory at a time. */
  unpublished(query?: UnpublishedQuery): AsyncIterable<Unpublished>;
  /** Drops pending events up to and including a version, per aggregate. */
  trim(published: ReadonlyMap<string, number>): Promise<void>;
  backlog(): Promise<Backlog>;
}

/** The newest version of an aggregate in the store. */
export interface Head {
  readonly id: string;
  readonly version: number;
  /** Of the event that led to it. */
  readonly hash?: string;
  /** The oldest event that is not published yet, if there is one, and its hashes. */
  readonly oldestPending?: { readonly version: number; readonly hash?: string; readonly prevhash?: string };
}

/** A store that can be compared with its topic, and closed while the two disagree. */
export interface LogCompared {
  readonly topic: string;
  heads(ids: readonly string[]): Promise<readonly Head[]>;
  /** Whether there is an aggregate all of whose events have been published. */
  holdsLogged(): Promise<boolean>;
  /** @param refuse throws while {@link Aggregates.admit} is to throw */
  admitIf(refuse: () => void): void;
}

/** A state as the log has it. */
export interface Restored<State> {
  readonly id: string;
  readonly version: number;
  /** Of the event that led to it. */
  readonly hash?: string;
  readonly state: State;
}

/** What the store knows of an aggregate and the log does not. */
export interface Unlogged<State> {
  readonly id: string;
  readonly pending: readonly PendingEvent[];
  readonly commands: readonly RememberedCommand<State>[];
}

/** A store that can be rebuilt from the log. */
export interface Restorable<State = unknown> extends Outbox {
  heads(ids: readonly string[]): Promise<readonly Head[]>;
  /** Versions and hashes of all aggregates, in the order of the ids' bytes. */
  allHeads(): AsyncIterable<Head>;
  /** Puts states where they are newer than what is there, and leaves the rest of the aggregate as it is. */
  restore(states: readonly Restored<State>[]): Promise<void>;
  /** What the log does not know of these aggregates, or of all of them; only of those of which there is something. */
  unlogged(ids?: readonly string[]): AsyncIterable<Unlogged<State>>;
  /** Puts what the log does not know beside states that are there, in place of what is beside them. */
  adopt(entries: readonly Unlogged<State>[]): Promise<void>;
}

/** A store that remembers commands no longer than it has to. */
export interface CommandRetention {
  /**
   * Drops the commands of before a time (RFC 3339), also from aggregates that never change again, and of all commands the
   * fingerprints that earlier versions stored. Finds them by an index.
   * @returns how many aggregates had some
   * @throws PlatformError `unavailable` when the store does not answer; some of them may be dropped then.
   */
  forgetCommands(before: string): Promise<number>;
}

/** Another writer changed the aggregate first. */
export class VersionConflict extends Error {
  constructor(readonly id: string) {
    super(`another writer changed ${id} first`);
    this.name = 'VersionConflict';
  }
}
