import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { randomBytes } from '../tools/random.js';

/** The key of one person, with which the personal part of all events about that person is sealed. */
export interface DataKey {
  /**
   * The first 16 bytes of SHA-256 of the key, in hexadecimal. It is not secret. AES-GCM does not commit to a key, so it
   * tells a wrong key from an altered record.
   */
  readonly kid: string;
  /** Cached by its owner: a `KeyObject` seals three times as fast as a Buffer. */
  readonly secret: KeyObject;
}

/** A data key as it is stored and published: encrypted with a master key. */
export interface WrappedKey {
  readonly kid: string;
  /** Base64. */
  readonly wrapped: string;
  /** Id of the master key. */
  readonly master: string;
}

/** What remains of the key of an erased person. */
export interface ShreddedKey {
  /** RFC 3339 */
  readonly shreddedAt: string;
}

/** The stored form of a person's key. */
export type StoredKey = WrappedKey | ShreddedKey;

/** Returns true for the key of an erased person. */
export function isShredded(key: StoredKey | undefined): key is ShreddedKey {
  return key !== undefined && 'shreddedAt' in key;
}

/** Returns a new data key. */
export function newDataKey(): DataKey {
  return dataKeyOf(randomBytes(32));
}

/** Returns the data key with these 32 bytes. */
export function dataKeyOf(bytes: Buffer): DataKey {
  const kid = hash('sha256', bytes, 'hex').slice(0, 32);
  return { kid, secret: createSecretKey(bytes) };
}
