import type { Aggregate, PendingEvent, RememberedCommand } from '../aggregate/aggregates.js';
import { withoutAnswers } from '../aggregate/idempotency.js';
import { isShredded, type StoredKey } from '../privacy/data-key.js';

/** One aggregate: its state and, in the same document, its pending events. */
export interface AggregateDocument<State extends Aggregate> {
  readonly state: State;
  readonly hash?: string;
  readonly key?: StoredKey;
  readonly pending: readonly PendingEvent[];
  readonly commands: readonly RememberedCommand<State>[];
}

/** A change to write. */
export interface Save<State extends Aggregate> {
  /** Undefined when the aggregate must not exist yet. */
  readonly expectedVersion: number | undefined;
  readonly state: State;
  readonly hash: string;
  /** Set if the change sets it. */
  readonly key: StoredKey | undefined;
  readonly entry: PendingEvent;
  readonly commands: readonly RememberedCommand<State>[];
}

/** Returns the document after a change; undefined when another writer was first. */
export function savedOver<State extends Aggregate>(
  stored: AggregateDocument<State> | undefined,
  { expectedVersion, state, hash, key = stored?.key, entry, commands }: Save<State>,
): AggregateDocument<State> | undefined {
  if (stored?.state.version !== expectedVersion) return undefined;
  // A key can be set without a new version, and a made one in its place would leave events that nobody can open.
  const isOther = stored?.key !== undefined && key !== stored.key;
  if (isOther && !isShredded(key)) return undefined;
  return { ...{ state, hash, commands }, ...(key && { key }), pending: [...(stored?.pending ?? []), entry] };
}

/** Returns a document to write: of an erased aggregate, without the responses of commands. */
export function withoutErased<State extends Aggregate>(document: AggregateDocument<State>): AggregateDocument<State> {
  return document.state.erased ? { ...document, commands: withoutAnswers(document.commands) } : document;
}
