import type { DataKey, WrappedKey } from './data-key.js';

/**
 * Encrypts data keys with master keys. The master keys are in memory: a service that keeps them elsewhere is asked once
 * for each of them, at start, and never once a person.
 */
export interface KeyWrapper {
  /** Ids of the master keys. The first one wraps, all unwrap. */
  readonly ids: readonly string[];
  /** @param subject id of the person, to which the wrapped key is bound */
  wrap(subject: string, key: DataKey): WrappedKey;
  /**
   * @throws PlatformError `unavailable` when there is no such master key
   * @throws UnusableKey when the wrapped key is altered, or another person's
   */
  unwrap(subject: string, wrapped: WrappedKey): DataKey;
  /**
   * Signs a text. With the master key one can check that the text was not altered.
   * @throws PlatformError `unavailable` when there is no master key
   */
  sign(text: string): Signature;
  /** Returns true if the signature is that of the text, by any of the master keys. */
  isSigned(text: string, signature: Signature): boolean;
}

/** A signature of a text with a master key. */
export interface Signature {
  /** Id of the master key. */
  readonly master: string;
  /** HMAC-SHA256, in base64. */
  readonly mac: string;
}

/** A wrapped key cannot be unwrapped: it was altered, or belongs to another person. */
export class UnusableKey extends Error {
  constructor(reason: string) {
    super(`the key of this person cannot be used: ${reason}`);
    this.name = 'UnusableKey';
  }
}
