import { type DataKey, isShredded, newDataKey, type StoredKey, type WrappedKey } from './data-key.js';
import type { KeyWrapper } from './key-wrapper.js';

/** Unwrapped keys that are kept in memory. */
const MAX_KEPT = 20_000;

/**
 * Wraps and unwraps the keys of persons, and keeps the unwrapped ones in memory for a while. It decides nothing: whether
 * a key may be used is looked up in the database each time.
 */
export class KeyRing {
  private readonly unwrapped = new Map<string, DataKey>();

  constructor(private readonly wrapper: KeyWrapper) {}

  /** Makes the key of a new person. */
  make(person: string): { readonly key: DataKey; readonly wrapped: WrappedKey } {
    const key = newDataKey();
    this.keep(key);
    return { key, wrapped: this.wrapper.wrap(person, key) };
  }

  /** @throws errors of {@link KeyWrapper.unwrap} */
  open(person: string, wrapped: WrappedKey): DataKey {
    const known = this.unwrapped.get(wrapped.kid);
    if (known) return known;
    const key = this.wrapper.unwrap(person, wrapped);
    this.keep(key);
    return key;
  }

  /** Wraps a key with the newest master key; undefined if it is wrapped with that already. */
  rewrap(person: string, wrapped: WrappedKey): WrappedKey | undefined {
    if (wrapped.master === this.wrapper.ids[0]) return undefined;
    return this.wrapper.wrap(person, this.wrapper.unwrap(person, wrapped));
  }

  /** Drops a destroyed key from memory. */
  drop(key: StoredKey | undefined): void {
    if (key?.kid !== undefined) this.unwrapped.delete(key.kid);
  }

  private keep(key: DataKey): void {
    this.unwrapped.set(key.kid, key);
    if (this.unwrapped.size <= MAX_KEPT) return;
    const [oldest] = this.unwrapped.keys();
    this.unwrapped.delete(oldest as string);
  }
}

/** Returns the key if it can still be used. */
export function usable(key: StoredKey | undefined): WrappedKey | undefined {
  return key && !isShredded(key) ? key : undefined;
}
