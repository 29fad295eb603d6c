import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { SealedPart } from '../event/cloud-event.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import type { DataKey } from './data-key.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const PADDED_TO = 16;
/** The content of a box, at most: an event is smaller. Without it, a forged box could fill the memory. */
const MAX_CONTENT_BYTES = 16 * 1024 ** 2;

/**
 * Compresses and encrypts a JSON value.
 * @param boundTo names the event: a box cannot be moved to another one
 */
export function sealPart({ kid, secret }: DataKey, content: object, boundTo: string): SealedPart {
  const deflated = deflateRawSync(JSON.stringify(content), { windowBits: 11, memLevel: 3 });
  const padded = Buffer.alloc(Math.ceil(deflated.length / PADDED_TO) * PADDED_TO);
  deflated.copy(padded);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  cipher.setAAD(Buffer.from(boundTo));
  const box = Buffer.concat([iv, cipher.update(padded), cipher.final(), cipher.getAuthTag()]).toString('base64');
  return { kid, alg: 'A256GCM', zip: 'DEF-d1', box };
}

/**
 * Returns the sealed value.
 * @throws UnreadableRecord when it was altered, belongs to another event or is sealed with another key; without a value
 */
export function openPart(key: DataKey, sealed: SealedPart, boundTo: string): object {
  if (sealed.kid !== key.kid) throw new UnreadableRecord('data/sealed was sealed with a key that is not the person’s');
  // Events come from elsewhere.
  if ((sealed.alg as string) !== 'A256GCM' || (sealed.zip as string) !== 'DEF-d1') {
    throw new UnreadableRecord('data/sealed is of a kind that is not known here');
  }
  try {
    const bytes = Buffer.from(sealed.box, 'base64');
    const cipher = createDecipheriv('aes-256-gcm', key.secret, bytes.subarray(0, IV_BYTES));
    cipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const padded = Buffer.concat([cipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), cipher.final()]);
    const content = inflateRawSync(padded, { maxOutputLength: MAX_CONTENT_BYTES });
    return JSON.parse(content.toString('utf8')) as object;
  } catch {
    throw new UnreadableRecord('data/sealed was altered, or is of another event');
  }
}
