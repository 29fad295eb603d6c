import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { randomBytes } from '../tools/random.js';
import { unavailable } from '../tools/errors.js';
import { bytesOf, type DataKey, dataKeyOf, type WrappedKey } from './data-key.js';
import { type KeyWrapper, type Signature, UnusableKey } from './key-wrapper.js';

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

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** What the keys that sign are derived for, so that they are others than those that encrypt. */
const SIGNING = 'signatures';

/** Wraps data keys with AES-256-GCM; the person's id is authenticated. Signs with keys that are derived with HKDF. */
export class MasterKeys implements KeyWrapper {
  readonly ids: readonly string[];
  private readonly keys: ReadonlyMap<string, KeyObject>;

  /** @param keys the newest first; without any, nothing can be wrapped or unwrapped */
  constructor(keys: readonly MasterKey[]) {
    this.ids = keys.map(({ id }) => id);
    this.keys = new Map(keys.map(({ id, bytes }) => [id, createSecretKey(bytes)]));
  }

  wrap(subject: string, key: DataKey): WrappedKey {
    const master = this.newest();
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keys.get(master) as KeyObject, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(subject));
    const encrypted = cipher.update(bytesOf(key));
    cipher.final();
    const wrapped = Buffer.concat([iv, encrypted, cipher.getAuthTag()]);
    return { kid: key.kid, wrapped: wrapped.toString('base64'), master };
  }

  unwrap(subject: string, { kid, wrapped, master }: WrappedKey): DataKey {
    const key = this.keys.get(master);
    if (!key) throw unavailable(`there is no master key ${master}`);
    const opened = dataKeyOf(decrypt(key, wrapped, subject));
    if (opened.kid !== kid) throw new UnusableKey('it is not the one that it says');
    return opened;
  }

  sign(text: string): Signature {
    const master = this.newest();
    return { master, mac: macOf(this.keys.get(master) as KeyObject, text).toString('base64') };
  }

  isSigned(text: string, { master, mac }: Signature): boolean {
    const key = this.keys.get(master);
    if (!key) return false;
    const [is, should] = [Buffer.from(mac, 'base64'), macOf(key, text)];
    return is.length === should.length && timingSafeEqual(is, should);
  }

  private newest(): string {
    const [master] = this.ids;
    if (master === undefined) throw unavailable('there is no master key');
    return master;
  }
}

function macOf(master: KeyObject, text: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', master, '', SIGNING, KEY_BYTES));
  return createHmac('sha256', key).update(text).digest();
}

function decrypt(key: KeyObject, wrapped: string, subject: string): Buffer {
  try {
    const bytes = Buffer.from(wrapped, 'base64');
    // Buffer skips what is not base64.
    const isWhole = bytes.length === IV_BYTES + KEY_BYTES + TAG_BYTES && bytes.toString('base64') === wrapped;
    if (!isWhole) throw new Error('not what wrap returned');
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(subject)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const decrypted = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    decipher.final();
    return decrypted;
  } catch {
    throw new UnusableKey('it was altered, or is of another person');
  }
}
