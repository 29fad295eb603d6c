import type { Extensions } from '../event/extensions.js';

/** One recorded change of an aggregate, as it stands in the log. */
export interface HistoryEntry<State = unknown> {
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly eventId: string;
  /** RFC 3339 */
  readonly time: string;
  /** JSON Pointers of what changed. */
  readonly changed: readonly string[];
  readonly actor?: string;
  /** Of the event; it is chained to the one before it. */
  readonly hash?: string;
  /** The event's attributes that not every event has, so that it can be made again as it was; text, all of them. */
  readonly extensions?: Extensions;
  readonly partition: number;
  readonly offset: number;
  /** The state after the change; gone once it was forgotten. */
  readonly state?: State;
}

/** An entry as it comes from the log, which has the state always. */
export type RecordedChange<State> = HistoryEntry<State> & { readonly state: State };

/**
 * Stands where a change will be that was forgotten before it came: of that one, only the chain is recorded. Without it a
 * record that is applied after an erasure (redriven, or read from another partition) would bring the person back.
 */
export interface ForgottenChange {
  readonly id: string;
  readonly version: number;
  readonly forgotten: true;
}

/** A version under which the log has two events, with different content. */
export interface ForkedVersion {
  readonly id: string;
  readonly version: number;
}

/** What is stored at the place of a change. */
export type StoredChange<State> = HistoryEntry<State> | ForgottenChange;

/** What remains of a change that was forgotten. */
export function chainOf<State>({ state: _, ...chain }: HistoryEntry<State>): HistoryEntry<State> {
  return chain;
}

/** What stands for the changes of an aggregate before a version, until they come. */
export function forgottenBefore(id: string, before: number): ForgottenChange[] {
  return Array.from({ length: before - 1 }, (_, index) => ({ id, version: index + 1, forgotten: true }));
}

/** True where the log has another event under the version of one that is recorded. */
export function isOtherEvent(
  recorded: Pick<HistoryEntry, 'eventId' | 'hash'>,
  entry: Pick<HistoryEntry, 'eventId' | 'hash'>,
): boolean {
  const areHashed = recorded.hash !== undefined && entry.hash !== undefined;
  return areHashed ? recorded.hash !== entry.hash : recorded.eventId !== entry.eventId;
}

/**
 * An audit read model: every recorded change of every aggregate, once, where the log has it first. Beside the changes it
 * keeps under which versions the log has another event as well.
 */
export interface History<State = unknown> {
  /** Adds what is not there yet. Entries may come again, and then change nothing. */
  append(entries: readonly HistoryEntry<State>[]): Promise<void>;
  /** Drops the states of an aggregate before a version, also of changes that come later; the chain of changes stays. */
  forget(id: string, before: number): Promise<void>;
  /** Changes after a version (0: from the first), oldest first. */
  page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]>;
  /** The change that led to a version. */
  find(id: string, version: number): Promise<HistoryEntry<State> | undefined>;
  /** The newest change at or before a time (RFC 3339, UTC). */
  findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined>;
  /** The newest recorded version; 0 when there is none. */
  newestVersion(id: string): Promise<number>;
  /** The versions under which the log has two events, ended or not, by id and version. */
  forkedVersions(): Promise<readonly ForkedVersion[]>;
  /** True when a later change of the aggregate says which of the two counts. */
  isForkEnded(fork: ForkedVersion): Promise<boolean>;
}

/** Sorts by aggregate and then by version; no other index is needed. */
export function historyKey(id: string, version: number): string {
  return `${id}/${String(version).padStart(15, '0')}`;
}

/** What {@link historyKey} was made of. */
export function ofHistoryKey(key: string): { readonly id: string; readonly version: number } {
  const at = key.lastIndexOf('/');
  return { id: key.slice(0, at), version: Number(key.slice(at + 1)) };
}

/** Where it is kept that there are two events under a version: before the changes of all aggregates. */
export function forkKey(id: string, version: number): string {
  return FORKS.after + historyKey(id, version);
}

/** The keys of all forked versions lie between these two. */
export const FORKS = { after: '!fork/', before: '!fork0' } as const;

/** The keys of all versions of an aggregate after `version` lie between these two. */
export function historyRange(id: string, version = 0): { readonly after: string; readonly before: string } {
  return { after: historyKey(id, version), before: `${id}/~` };
}
