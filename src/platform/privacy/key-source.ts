import type { StoredKey, WrappedKey } from './data-key.js';

/** Where a context looks up the keys of persons. Its answers are never cached: a key may be destroyed at any time. */
export interface KeySource {
  /**
   * Returns the keys of these persons, as stored; those that are unknown are missing from the result.
   * @throws PlatformError `unavailable` when the database does not answer
   */
  find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>>;
}

/** A context's copies of the keys that another context publishes. */
export interface KeyCopies extends KeySource {
  /**
   * Stores wrapped keys, by person, in place of older ones; but never one of a person whose key was shredded.
   * @returns the persons of whom nothing was known before, and who have a key now
   */
  put(keys: ReadonlyMap<string, WrappedKey>): Promise<ReadonlySet<string>>;
  /** Removes the keys of these persons, because they are gone from the topic, and remembers that they are. */
  remove(persons: readonly string[]): Promise<void>;
  /** Returns those of these persons whose key was removed, and who have had none since. */
  removed(persons: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Destroys the keys of erased persons permanently, whether they are there or not.
   * @param persons the time of the erasure (RFC 3339), by person
   */
  shred(persons: ReadonlyMap<string, string>): Promise<void>;
}
