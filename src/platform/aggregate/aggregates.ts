import type { DomainEvent } from '../event/cloud-event.js';

/** What the platform knows of every aggregate's state. It is one JSON value: in the store, in events and in answers. */
export interface Aggregate {
  readonly id: string;
  /** 1, 2, 3 ... with no gap: the number of events so far. */
  readonly version: number;
  /** RFC 3339; the time of the first event. */
  readonly createdAt: string;
  /** RFC 3339; the time of the newest event. */
  readonly updatedAt: string;
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

export interface Stored<State extends Aggregate> {
  readonly state: State;
  /** Of the event that led to this state: the next one names it. Not there where that event has none. */
  readonly hash?: string;
  readonly pending: readonly PendingEvent[];
  readonly commands: readonly RememberedCommand<State>[];
}

/** The outcome of a decision: the state after it, and the event that says so. */
export interface Change<State extends Aggregate, Event extends DomainEvent = DomainEvent> {
  readonly state: State;
  readonly event: Event;
  /** It takes something back for good: answers that were remembered from before are dropped with it. */
  readonly forgets?: true;
}

/** A change, and the commands that the aggregate is to remember after it. */
export interface Saving<State extends Aggregate, Event extends DomainEvent = DomainEvent> extends Change<State, Event> {
  readonly commands: readonly RememberedCommand<State>[];
}

/**
 * The system of record for one kind of aggregate. Saving a state without its event cannot be written: both are one
 * atomic write.
 */
export interface Aggregates<State extends Aggregate, Event extends DomainEvent = DomainEvent> {
  /** Called before each command. @throws PlatformError `unavailable` while the store must not be changed. */
  admit(): void;
  /** @throws PlatformError `unavailable` when the store does not answer. */
  find(id: string): Promise<Stored<State> | undefined>;
  /**
   * Writes the new state and its pending event if the stored version is still the one before it (`before` undefined:
   * if there is none), durably.
   * @throws VersionConflict when another writer was first.
   * @throws PlatformError `unavailable` when the store does not answer or too many writes wait.
   */
  save(before: Stored<State> | undefined, saving: Saving<State, Event>): Promise<void>;
}

/** All that one aggregate has to publish, oldest first. */
export interface Unpublished {
  readonly id: string;
  readonly pending: readonly PendingEvent[];
}

/** How much waits to be published. `oldest` is RFC 3339. */
export interface Backlog {
  readonly events: number;
  readonly oldest?: string;
}

/** The outbox that lives inside the aggregates' own documents. */
export interface Outbox {
  readonly topic: string;
  /** The relay's fast path: told of every commit of this process, with all that the aggregate has pending. */
  onCommit(listener: (unpublished: Unpublished) => void): void;
  /** Aggregates with an event older than `before` (RFC 3339) still pending, oldest first. */
  unpublished(before: string, limit: number): Promise<readonly Unpublished[]>;
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
