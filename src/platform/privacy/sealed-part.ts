import { createCipheriv, createDecipheriv } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { SealedPart } from '../event/cloud-event.js';
import { randomBytes } from '../tools/random.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import type { DataKey } from './data-key.js';
import { ShortDeflate } from './short-deflate.js';
import { ShortInflate } from './short-inflate.js';
import { DICTIONARY_D1 } from './dictionary.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The length of a box tells the length of the compressed content only to a multiple of this. */
const PADDED_TO = 16;
/** The content of a box, at most: an event is smaller. Without it, a forged box could fill the memory. */
const MAX_CONTENT_BYTES = 16 * 1024 ** 2;
/** For what one person usually has. With texts of this length, the window is still that of {@link INFLATE}. */
const SHORT_BYTES = 1_600;
const shortDeflate = new ShortDeflate(DICTIONARY_D1, SHORT_BYTES, PADDED_TO);
const shortInflate = new ShortInflate(DICTIONARY_D1, SHORT_BYTES);
/** A small window, small tables and small chunks: with the default ones a call costs twice as much. */
const DEFLATE = { dictionary: DICTIONARY_D1, windowBits: 12, memLevel: 5, chunkSize: 1024 };
const INFLATE = { dictionary: DICTIONARY_D1, windowBits: 12, chunkSize: 1024, maxOutputLength: MAX_CONTENT_BYTES };

/**
 * Compresses and encrypts a JSON value. The initialization vector is random, which is safe for 2^32 boxes with one key: a
 * key is that of one person, about whom there are a few events.
 * @param boundTo names the event: a box cannot be moved to another one
 */
export function sealPart(key: DataKey, content: object, boundTo: string): SealedPart {
  const { kid, secret } = key;
  const json = JSON.stringify(content);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, secret, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(boundTo));
  const encrypted = cipher.update(compress(json));
  cipher.final();
  const box = Buffer.concat([iv, encrypted, cipher.getAuthTag()]).toString('base64');
  return { kid, alg: 'A256GCM', zip: 'DEF-d1', box };
}

/** Returns the compressed text, padded with zeros, which are behind its end and ignored when it is decompressed. */
function compress(json: string): Buffer {
  const bytes = Buffer.byteLength(json);
  if (bytes <= SHORT_BYTES) return shortDeflate.compress(json, bytes);
  const compressed = deflateRawSync(json, DEFLATE);
  const padded = Buffer.alloc(Math.ceil(compressed.length / PADDED_TO) * PADDED_TO);
  compressed.copy(padded);
  return padded;
}

/**
 * Returns the sealed value.
 * @throws UnreadableRecord when it was altered, belongs to another event or is sealed with another key; without a value
 */
export function openPart(key: DataKey, sealed: SealedPart, boundTo: string): object {
  const { kid, secret } = key;
  if (sealed.kid !== kid) throw new UnreadableRecord('data/sealed was sealed with a key that is not the person’s');
  // Events come from elsewhere.
  if ((sealed.alg as string) !== 'A256GCM' || (sealed.zip as string) !== 'DEF-d1') {
    throw new UnreadableRecord('data/sealed is of a kind that is not known here');
  }
  return parse(decompress(decrypt(secret, sealed.box, boundTo)));
}

function decrypt(secret: DataKey['secret'], box: string, boundTo: string): Buffer {
  const bytes = Buffer.from(box, 'base64');
  // Buffer skips what is not base64.
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64') !== box) {
    throw new UnreadableRecord('data/sealed/box is not base64 of a box');
  }
  try {
    const decipher = createDecipheriv(ALGORITHM, secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const decrypted = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    decipher.final();
    return decrypted;
  } catch {
    throw new UnreadableRecord('data/sealed was altered, or is of another event');
  }
}

function decompress(bytes: Buffer): string {
  const decompressed = shortInflate.decompress(bytes);
  if (decompressed !== undefined) return decompressed;
  try {
    return inflateRawSync(bytes, INFLATE).toString('utf8');
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new UnreadableRecord(`data/sealed ${isTooLarge ? 'is too large' : 'cannot be decompressed'}`);
  }
}

function parse(json: string): object {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    // The parser's message would quote the content.
  }
  if (typeof content !== 'object' || content === null) throw new UnreadableRecord('data/sealed is not a JSON object');
  return content;
}
