import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { randomBytes } from '../tools/random.js';

/** The key of one person, with which the personal part of all events about that person is sealed. */
export interface DataKey {
  /**
   * The first 16 bytes of SHA-256 of the key, in hexadecimal. It is not secret. AES-GCM does not commit to a key, so it
   * tells a wrong key from an altered record.
   */
  readonly kid: string;
  /** A `KeyObject` seals up to three times as fast as a Buffer, but to make one takes longer than to seal once. */
  readonly secret: KeyObject | Buffer;
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

/** Returns a new data key, for one event. */
export function newDataKey(): DataKey {
  const secret = randomBytes(32);
  return { kid: kidOf(secret), secret };
}

/** Returns the data key with these 32 bytes, for many events. */
export function dataKeyOf(bytes: Buffer): DataKey {
  return { kid: kidOf(bytes), secret: createSecretKey(bytes) };
}

/** Returns the 32 bytes of a data key. */
export function bytesOf({ secret }: DataKey): Buffer {
  return Buffer.isBuffer(secret) ? secret : secret.export();
}

function kidOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
