import { type DataKey, newDataKey, type WrappedKey } from './data-key.js';
import { RecentMap } from '../tools/recent-map.js';
import type { KeyWrapper, Signature } from './key-wrapper.js';

/** Unwrapped keys that are kept in memory, and for how long at most. */
const MAX_KEPT = 20_000;
const KEPT_MS = 60_000;

/**
 * Wraps and unwraps the keys of persons, and keeps the unwrapped ones in memory for a minute. What is opened with a kept
 * key is written under its version, so that an erasure in another process still wins; new events are sealed only with
 * keys that are looked up.
 */
export class KeyRing {
  /** By person. */
  private readonly kept: RecentMap<string, DataKey>;

  /** @param maxKept unwrapped keys in memory */
  constructor(
    private readonly wrapper: KeyWrapper,
    maxKept = MAX_KEPT,
  ) {
    this.kept = new RecentMap<string, DataKey>(maxKept, KEPT_MS);
  }

  /** Makes the key of a new person. It is not kept: most persons do not change within the next minute. */
  make(person: string): { readonly key: DataKey; readonly wrapped: WrappedKey } {
    const key = newDataKey();
    return { key, wrapped: this.wrapper.wrap(person, key) };
  }

  /** @throws errors of {@link KeyWrapper.unwrap} */
  open(person: string, wrapped: WrappedKey): DataKey {
    const known = this.recent(person, wrapped.kid);
    if (known) return known;
    const key = this.wrapper.unwrap(person, wrapped);
    this.kept.set(person, key);
    return key;
  }

  /** Returns a person's key if it was used in the last minute, and has not been destroyed in this process since. */
  recent(person: string, kid: string): DataKey | undefined {
    const key = this.kept.get(person);
    return key?.kid === kid ? key : undefined;
  }

  /** Wraps a key with the newest master key; undefined if it is wrapped with that already. */
  rewrap(person: string, wrapped: WrappedKey): WrappedKey | undefined {
    if (wrapped.master === this.wrapper.ids[0]) return undefined;
    return this.wrapper.wrap(person, this.wrapper.unwrap(person, wrapped));
  }

  /** True if there is a master key, without which nothing can be signed. */
  get canSign(): boolean {
    return this.wrapper.ids.length > 0;
  }

  /** As {@link KeyWrapper.sign}. */
  sign(text: string): Signature {
    return this.wrapper.sign(text);
  }

  /** As {@link KeyWrapper.isSigned}. */
  isSigned(text: string, signature: Signature): boolean {
    return this.wrapper.isSigned(text, signature);
  }

  /** Drops the key of an erased person from memory. */
  drop(person: string): void {
    this.kept.delete(person);
  }
}
