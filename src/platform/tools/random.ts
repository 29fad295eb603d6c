import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Returns random bytes from a pool: system calls for a few bytes each would cost more than most of a request. */
export function randomBytes(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  const part = pool.subarray(used - count, used);
  const bytes = Buffer.from(part);
  // They may become a key, of which there must be no copy.
  part.fill(0);
  return bytes;
}
