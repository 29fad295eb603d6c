import type { PendingEvent, RememberedCommand } from '../aggregate/aggregates.js';
import { isShredded, type StoredKey } from '../privacy/data-key.js';

/** One aggregate: its state and, in the same document, its pending events. */
export interface AggregateDocument<State> {
  _id: string;
  version: number;
  hash?: string;
  key?: StoredKey;
  state: State;
  pending: PendingEvent[];
  commands: RememberedCommand<State>[];
}

/** A change to write. */
export interface Save<State> {
  readonly id: string;
  /** 0 when the aggregate must not exist yet. */
  readonly expectedVersion: number;
  readonly state: State;
  readonly hash: string;
  /** Set if the change sets it. */
  readonly key: StoredKey | undefined;
  readonly entry: PendingEvent;
  readonly commands: readonly RememberedCommand<State>[];
}

/**
 * A bulk write reports which operations failed, but not which matched nothing. So a stale update must fail: with
 * `upsert`, an update that does not match becomes an insert, which fails on the existing `_id`.
 */
export function toOperation<State>({ id, expectedVersion, state, hash, key, entry, commands }: Save<State>): object {
  const set = { version: entry.version, hash, ...(key && { key }), state, commands };
  if (expectedVersion === 0) {
    return {
      insertOne: {
        document: { _id: id, ...set, pending: [entry] },
      },
    };
  }
  // A key can be set without a new version, and a made one in its place would leave events that nobody can open.
  const isMade = key !== undefined && !isShredded(key);
  return {
    updateOne: {
      filter: { _id: id, version: expectedVersion, ...(isMade && { key: { $exists: false } }) },
      update: { $set: set, $push: { pending: entry } },
      upsert: true,
    },
  };
}
