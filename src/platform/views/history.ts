import type { SealedPart } from '../event/cloud-event.js';
import type { Extensions } from '../event/extensions.js';
import type { BoundedItems } from './listing.js';

/** One recorded change of an aggregate, with its location in the log. */
export interface HistoryEntry<State = unknown> {
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly eventId: string;
  /** RFC 3339 */
  readonly time: string;
  /** JSON Pointers of the differences. */
  readonly changed: readonly string[];
  readonly actor?: string;
  /** Hash of the event. */
  readonly hash?: string;
  /** The event's additional attributes, so that it can be reconstructed. */
  readonly extensions?: Extensions;
  readonly partition: number;
  readonly offset: number;
  /** The personal part as it was published; it is opened when the state is read ({@link OpenedHistory}). */
  readonly sealed?: SealedPart;
  /**
   * Major version of the schema of a sealed change: of that version is what is stored. Undefined for one that a former
   * version of this project recorded, with the whole state.
   */
  readonly schemaVersion?: number;
  /** The state after the change, of a sealed change without the personal part; undefined once it was forgotten. */
  readonly state?: State;
}

/**
 * A placeholder for a change that was forgotten before it was recorded: of that change, only the chain is recorded.
 * Without it, a record that is applied after an erasure (redriven, or from another partition) would restore personal
 * data.
 */
export interface ForgottenChange {
  readonly id: string;
  readonly version: number;
  readonly forgotten: true;
}

/** A version for which the log has two events with different content. */
export interface ForkedVersion {
  readonly id: string;
  readonly version: number;
}

/** The stored form of a change. */
export type StoredChange<State> = HistoryEntry<State> | ForgottenChange;

/** An entry without its state, and without what only the log needs. */
export type ListedChange = Omit<HistoryEntry, 'id' | 'state' | 'extensions' | 'sealed' | 'schemaVersion'>;

/** Returns what a list shows of an entry. */
export function listed(entry: HistoryEntry): ListedChange {
  const { id: _id, state: _s, extensions: _e, sealed: _p, schemaVersion: _v, ...change } = entry;
  return change;
}

/** Returns a change without its state. */
export function chainOf<State>({ state: _, ...chain }: HistoryEntry<State>): HistoryEntry<State> {
  return chain;
}

/** Returns placeholders for the changes of an aggregate before a version. */
export function forgottenBefore(id: string, before: number): ForgottenChange[] {
  return Array.from({ length: before - 1 }, (_, index) => ({ id, version: index + 1, forgotten: true }));
}

/** Returns true if the log has another event for the version of a recorded one. */
export function isOtherEvent(
  recorded: Pick<HistoryEntry, 'eventId' | 'hash'>,
  entry: Pick<HistoryEntry, 'eventId' | 'hash'>,
): boolean {
  const areHashed = recorded.hash !== undefined && entry.hash !== undefined;
  return areHashed ? recorded.hash !== entry.hash : recorded.eventId !== entry.eventId;
}

/**
 * The audit trail: every change of every aggregate, once, as it first appears in the log. It also records the versions
 * for which the log has a second event.
 */
export interface History<State = unknown> {
  /** Adds new entries. Entries that exist already have no effect. */
  append(entries: readonly HistoryEntry<State>[]): Promise<void>;
  /** Drops the states of an aggregate before a version, also of changes recorded later. The chain of changes stays. */
  forget(id: string, before: number): Promise<void>;
  /** Returns changes after a version (0: from the first), oldest first. */
  page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]>;
  /** Returns changes without their states: at most `limit`, and about a megabyte. */
  list(id: string, after: number, limit: number): Promise<BoundedItems<ListedChange>>;
  /** Returns the change that led to a version. */
  find(id: string, version: number): Promise<HistoryEntry<State> | undefined>;
  /** Returns the newest change at or before a time (RFC 3339, UTC). */
  findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined>;
  /** Returns the newest recorded version; 0 if there is none. */
  newestVersion(id: string): Promise<number>;
  /** Returns the versions for which the log has two events, resolved or not, by id and version. */
  forkedVersions(): Promise<readonly ForkedVersion[]>;
  /** Returns true if a later change of the aggregate decides which of the two counts. */
  isForkEnded(fork: ForkedVersion): Promise<boolean>;
}

/** What use cases read of a history. */
export type HistoryReader<State = unknown> = Pick<
  History<State>,
  'page' | 'list' | 'find' | 'findAt' | 'newestVersion'
>;

/** Returns a key that sorts by aggregate and version, so that no other index is needed. */
export function historyKey(id: string, version: number): string {
  return `${id}/${String(version).padStart(15, '0')}`;
}

/** Returns the parts of a {@link historyKey}. */
export function ofHistoryKey(key: string): { readonly id: string; readonly version: number } {
  const at = key.lastIndexOf('/');
  return { id: key.slice(0, at), version: Number(key.slice(at + 1)) };
}

/** Returns the key of a forked version. These keys sort before the changes of all aggregates. */
export function forkKey(id: string, version: number): string {
  return FORKS.after + historyKey(id, version);
}

/** Bounds of the keys of all forked versions. */
export const FORKS = { after: '!fork/', before: '!fork0' } as const;

/** Returns the bounds of the keys of an aggregate's versions after `version`. */
export function historyRange(id: string, version = 0): { readonly after: string; readonly before: string } {
  return { after: historyKey(id, version), before: `${id}/~` };
}
