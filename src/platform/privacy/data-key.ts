import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { randomBytes } from '../tools/random.js';

/** The key of one person, with which the personal part of all events about that person is sealed. */
export interface DataKey {
  /**
   * The first 16 bytes of SHA-256 of the key, in hexadecimal. It is not secret. AES-GCM does not commit to a key, so it
   * tells a wrong key from an altered record.
   */
  readonly kid: string;
  /** Even for one use: Node.js 24 takes 12 µs to make one and to seal with it, and 27 with a Buffer. */
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
  return { kid: kidOf(bytes), secret: createSecretKey(bytes) };
}

/** Returns the 32 bytes of a data key. */
export function bytesOf({ secret }: DataKey): Buffer {
  return secret.export();
}

function kidOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
