import type { Extensions } from '../event/extensions.js';
import type { StoredKey } from '../privacy/data-key.js';

/**
 * The members that every aggregate's state has. A state is one JSON value: in the store, in events and in responses.
 */
export interface Aggregate {
  readonly id: string;
  /** 1, 2, 3 ... without gaps: the number of events so far. */
  readonly version: number;
  /** RFC 3339; the time of the first event. */
  readonly createdAt: string;
  /** RFC 3339; the time of the newest event. */
  readonly updatedAt: string;
  /** The personal data was erased: only the members of this interface are left. */
  readonly erased?: true;
}

/** A committed event that is not yet known to be in the log. */
export interface PendingEvent {
  readonly version: number;
  /** RFC 3339; the event's timestamp. */
  readonly time: string;
  /** The event as it will be published: a CloudEvent in JSON. */
  readonly json: string;
  /** The person's key, if this event comes with it: published before a made one, after a destroyed one. */
  readonly key?: StoredKey;
}

/** A command that was executed with an idempotency key. Key and request are digests. */
export interface RememberedCommand<State> {
  readonly key: string;
  /**
   * Undefined once the response was erased. Not named `fingerprint`: earlier versions stored one that covered card
   * numbers.
   */
  readonly request?: string;
  /** RFC 3339 */
  readonly at: string;
  /** The version that the command created. */
  readonly version: number;
  /** The state in the first response, once the aggregate has a newer one. */
  readonly answer?: State;
}

/** A summary of an aggregate's pending events: commands do not need the events themselves. */
export interface PendingSummary {
  /** Version of the oldest pending event. */
  readonly oldest: number;
  /** Size in bytes, possibly including the state: the store limits it. */
  readonly bytes: number;
}

export interface StoredAggregate<State extends Aggregate> {
  readonly state: State;
  /** Hash of the event that led to this state, for the next event's `prevhash`; undefined if that event has none. */
  readonly hash?: string;
  /** The key that seals the events of the aggregate; undefined unless the aggregate is a person. */
  readonly key?: StoredKey;
  /** Undefined when every event is published. */
  readonly pending?: PendingSummary;
  readonly commands: readonly RememberedCommand<State>[];
}

/** The result of a decision: what happened, and the state after it. The event contains both. */
export interface Change<State extends Aggregate = Aggregate> {
  /** The event's own type, in the past tense: `registered`. */
  readonly type: string;
  readonly state: State;
  /** It erases data: remembered responses are dropped, too. */
  readonly forgets?: true;
  /** It only restates the state: the event has these attributes, and reports the whole state as changed. */
  readonly restates?: Extensions;
}

/** A change, and the commands to remember after it. */
export type Saving<State extends Aggregate, Changed extends Change<State> = Change<State>> = Changed & {
  readonly commands: readonly RememberedCommand<State>[];
};

/**
 * The system of record for one kind of aggregate. A state cannot be saved without its event: both are one atomic write.
 */
export interface Aggregates<State extends Aggregate, Changed extends Change<State> = Change<State>> {
  /** Call it before each command. @throws PlatformError `unavailable` while the store must not be changed */
  admit(): void;
  /** Returns an aggregate by id. @throws PlatformError `unavailable` when the store does not answer */
  find(id: string): Promise<StoredAggregate<State> | undefined>;
  /**
   * Durably writes the new state and its pending event if the stored version is still that of `before` (undefined: if
   * there is no such aggregate). The event names the members that changed.
   * @throws VersionConflict when another writer was first
   * @throws PlatformError `too-large` when the log would refuse the event, `unavailable` when the store does not answer
   * or too many writes wait
   */
  save(before: StoredAggregate<State> | undefined, saving: Saving<State, Changed>): Promise<void>;
}

/** An event that this process committed. */
export interface CommittedEvent {
  readonly id: string;
  readonly event: PendingEvent;
  /** Version of the oldest event pending when the aggregate was read, or of this event if there was none. */
  readonly oldest: number;
}

/** The oldest unpublished events of one aggregate, in version order. */
export interface Unpublished {
  readonly id: string;
  readonly pending: readonly PendingEvent[];
}

/** An aggregate with unpublished events, described by the oldest one. */
export interface PendingAggregate {
  readonly id: string;
  readonly version: number;
  /** RFC 3339; from the clock of the committing process, which may be wrong. */
  readonly time: string;
}

/** The unpublished events of an outbox. */
export interface Backlog {
  /** Number of events; exact unless `isMore` is set. */
  readonly events: number;
  /** There are more events: counting stopped to limit its cost. */
  readonly isMore?: true;
  /** The first and the last of all {@link Outbox.pendingAggregates}. */
  readonly oldest?: PendingAggregate;
  readonly newest?: PendingAggregate;
}

/** Restricts the unpublished events to read (default: all). */
export interface UnpublishedQuery {
  /** Only of these aggregates. */
  readonly ids?: readonly string[];
  /** At most this number of events of each aggregate, the oldest. */
  readonly maxEvents?: number;
}

/** The outbox, which is part of the aggregates' documents. */
export interface Outbox {
  readonly topic: string;
  /** The topic for the keys in the pending events. */
  readonly keysTopic?: string | undefined;
  /** Registers a listener for every commit of this process: the relay's fast path. */
  onCommit(listener: (commit: CommittedEvent) => void): void;
  /** Makes `save` reject events of more bytes, which the log would refuse. */
  limitEvents(maxBytes: number): void;
  /**
   * Returns at most `limit` aggregates with unpublished events, roughly ordered by timestamp, starting at `from`
   * (RFC 3339; '' is before all).
   */
  pendingAggregates(from: string, limit: number): Promise<readonly PendingAggregate[]>;
  /** Returns the first and the last of all pending aggregates; undefined when there are none. */
  ends(): Promise<{ readonly oldest: PendingAggregate; readonly newest: PendingAggregate } | undefined>;
  /**
   * Returns the unpublished events by aggregate. They are read as they are consumed, so few are in memory at a time.
   */
  unpublished(query?: UnpublishedQuery): AsyncIterable<Unpublished>;
  /** Drops the pending events of each aggregate up to and including a version. */
  trim(published: ReadonlyMap<string, number>): Promise<void>;
  backlog(): Promise<Backlog>;
}

/** The newest version of an aggregate in the store. */
export interface Head {
  readonly id: string;
  readonly version: number;
  /** Hash of the event that led to it. */
  readonly hash?: string;
  /** The oldest unpublished event, if there is one. */
  readonly oldestPending?: { readonly version: number; readonly hash?: string; readonly prevhash?: string };
}

/** A store that can be compared with its topic, and that rejects commands while the two disagree. */
export interface LogCompared {
  readonly topic: string;
  heads(ids: readonly string[]): Promise<readonly Head[]>;
  /** Returns true if there is an aggregate whose events are all published. */
  holdsLogged(): Promise<boolean>;
  /** Sets the check of {@link Aggregates.admit}. @param refuse throws while commands must be rejected */
  admitIf(refuse: () => void): void;
}

/** A state from the log. */
export interface Restored<State> {
  /** The store is unlikely to have the aggregate. */
  readonly isNew?: boolean;
  /** The person's key, for an aggregate that the store does not have yet. */
  readonly key?: StoredKey | undefined;
  readonly id: string;
  readonly version: number;
  /** Hash of the event that led to it. */
  readonly hash?: string;
  readonly state: State;
}

/** The data of an aggregate that is not in the log: pending events and remembered commands. */
export interface Unlogged<State> {
  readonly id: string;
  readonly pending: readonly PendingEvent[];
  readonly commands: readonly RememberedCommand<State>[];
}

/** A store that can be rebuilt from the log. */
export interface Restorable<State = unknown> extends Outbox {
  heads(ids: readonly string[]): Promise<readonly Head[]>;
  /** Returns versions and hashes of all aggregates, in byte order of the ids. */
  allHeads(): AsyncIterable<Head>;
  /**
   * Stores each state that is newer than the stored one, and leaves the rest of the aggregate unchanged; but of an
   * erased person, the remembered responses are dropped, too.
   */
  restore(states: readonly Restored<State>[]): Promise<void>;
  /**
   * Removes the personal data of these persons from the states and the remembered responses, without new versions: the
   * states are then those of a replay, which cannot open the events of erased persons.
   */
  forget(persons: readonly string[]): Promise<void>;
  /**
   * Returns the pending events and remembered commands of these aggregates (default: all). Skips aggregates without
   * any.
   */
  unlogged(ids?: readonly string[]): AsyncIterable<Unlogged<State>>;
  /**
   * Replaces the pending events and remembered commands of stored aggregates. Of an erased person, the responses are
   * left out: they may be from before the erasure.
   */
  adopt(entries: readonly Unlogged<State>[]): Promise<void>;
}

/** A store that can drop remembered commands. */
export interface CommandRetention {
  /**
   * Drops all commands from before a time (RFC 3339), and the fingerprints that earlier versions stored. An index finds
   * them.
   * @returns the number of aggregates that had some
   * @throws PlatformError `unavailable` when the store does not answer; some may be dropped by then
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
