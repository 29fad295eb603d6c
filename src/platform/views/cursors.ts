import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { PlatformError } from '../tools/errors.js';

const SALT_BYTES = 16;
const TAG_BYTES = 16;
/** Never used twice with the same key, because each position of each list has a key of its own. */
const NONCE = Buffer.alloc(12);

/**
 * Encrypts positions in lists as cursors, so that a client can neither read nor make one: positions have values of
 * states, for instance e-mail addresses, and cursors are in URLs.
 */
export class Cursors {
  private secret: Promise<string> | undefined;

  /** @param readSecret returns the same secret on every instance */
  constructor(private readonly readSecret: () => Promise<string>) {}

  /** @param list identifies the list with its filters and order; the cursor is valid for this list only */
  async seal(list: string, position: readonly unknown[]): Promise<string> {
    const content = JSON.stringify(position);
    // Not random, so that the same page always has the same cursor.
    const salt = (await this.digest(JSON.stringify([list, content]))).subarray(0, SALT_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await this.digest(salt), NONCE).setAAD(Buffer.from(list));
    const text = Buffer.concat([cipher.update(content, 'utf8'), cipher.final()]);
    return Buffer.concat([salt, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** @throws PlatformError `malformed` for a cursor that was not issued for this list */
  async open(list: string, cursor: string): Promise<unknown[]> {
    const bytes = Buffer.from(cursor, 'base64url');
    const [salt, tag, text] = [
      bytes.subarray(0, SALT_BYTES),
      bytes.subarray(SALT_BYTES, SALT_BYTES + TAG_BYTES),
      bytes.subarray(SALT_BYTES + TAG_BYTES),
    ];
    // The decoder skips invalid characters and surplus bits, so encode the bytes again and compare.
    if (tag.length < TAG_BYTES || bytes.toString('base64url') !== cursor) throw invalidCursor();
    const decipher = createDecipheriv('aes-256-gcm', await this.digest(salt), NONCE).setAAD(Buffer.from(list));
    decipher.setAuthTag(tag);
    try {
      return JSON.parse(decipher.update(text, undefined, 'utf8') + decipher.final('utf8')) as unknown[];
    } catch {
      throw invalidCursor();
    }
  }

  private async digest(data: string | Buffer): Promise<Buffer> {
    this.secret ??= this.readSecret();
    const secret = await this.secret.catch((error: unknown) => {
      this.secret = undefined;
      throw error;
    });
    return createHmac('sha256', secret).update(data).digest();
  }
}

function invalidCursor(): PlatformError {
  return new PlatformError('malformed', 'invalid-cursor', 'cursor is invalid, or belongs to another list');
}
