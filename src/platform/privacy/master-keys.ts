import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { unavailable } from '../tools/errors.js';
import { type DataKey, dataKeyOf, type WrappedKey } from './data-key.js';
import { type KeyWrapper, UnusableKey } from './key-wrapper.js';

/** A master key: 32 random bytes, and the id by which wrapped keys name it. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Returns a new master key. Its id begins with the date, for those who read the file. */
export function newMasterKey(): MasterKey {
  const day = new Date().toISOString().slice(0, 10);
  return { id: `${day}-${randomBytes(4).toString('hex')}`, bytes: randomBytes(32) };
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Wraps data keys with AES-256-GCM; the person's id is authenticated. */
export class MasterKeys implements KeyWrapper {
  readonly ids: readonly string[];
  private readonly keys: ReadonlyMap<string, KeyObject>;

  /** @param keys the newest first; without any, nothing can be wrapped or unwrapped */
  constructor(keys: readonly MasterKey[]) {
    this.ids = keys.map(({ id }) => id);
    this.keys = new Map(keys.map(({ id, bytes }) => [id, createSecretKey(bytes)]));
  }

  wrap(subject: string, { kid, secret }: DataKey): WrappedKey {
    const [master] = this.ids;
    if (master === undefined) throw unavailable('there is no master key');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keys.get(master) as KeyObject, iv);
    cipher.setAAD(Buffer.from(subject));
    const wrapped = Buffer.concat([iv, cipher.update(secret.export()), cipher.final(), cipher.getAuthTag()]);
    return { kid, wrapped: wrapped.toString('base64'), master };
  }

  unwrap(subject: string, { kid, wrapped, master }: WrappedKey): DataKey {
    const key = this.keys.get(master);
    if (!key) throw unavailable(`there is no master key ${master}`);
    const bytes = Buffer.from(wrapped, 'base64');
    let opened: DataKey;
    try {
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
      cipher.setAAD(Buffer.from(subject)).setAuthTag(bytes.subarray(-TAG_BYTES));
      opened = dataKeyOf(Buffer.concat([cipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), cipher.final()]));
    } catch {
      throw new UnusableKey('it was altered, or is of another person');
    }
    if (opened.kid !== kid) throw new UnusableKey('it is not the one that it says');
    return opened;
  }
}
