import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DICTIONARY_D1 } from './dictionary.js';
import { ShortDeflate } from './short-deflate.js';
import { ShortInflate } from './short-inflate.js';

const MAX_BYTES = 1_600;
const dictionary = DICTIONARY_D1;
const deflate = new ShortDeflate(dictionary, MAX_BYTES, 16);
const inflate = new ShortInflate(dictionary, MAX_BYTES);

const parts = fc.oneof(
  fc
    .tuple(fc.nat(dictionary.length), fc.integer({ min: 1, max: 300 }))
    .map(([at, length]) => dictionary.toString('latin1').slice(at, at + length)),
  fc.string({ unit: 'binary', maxLength: 20 }).map((each) => each.toWellFormed()),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 300 }))
    .map(([text, times]) => text.repeat(times)),
);
const text = fc.array(parts, { maxLength: 5 }).map((each) => each.join('').slice(0, 500).toWellFormed());

describe('the decompression of short texts', () => {
  it('gives what was compressed', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(inflate.decompress(deflate.compress(each, Buffer.byteLength(each)))).toBe(each);
      }),
    );
  });

  it('gives what zlib has compressed with the same codes', () => {
    const options = { dictionary, windowBits: 12, strategy: constants.Z_FIXED };
    fc.assert(
      fc.property(text, (each) => {
        const compressed = deflateRawSync(each, options);
        // What does not become shorter is stored as it is.
        const isStored = ((compressed[0] as number) & 0b110) === 0;
        expect(inflate.decompress(compressed)).toBe(isStored ? undefined : each);
      }),
    );
  });

  it('gives nothing, or what zlib gives, of what is altered or cut', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(255), fc.nat(), (each, at, byte, length) => {
        const bytes = Buffer.from(deflate.compress(each, Buffer.byteLength(each)));
        bytes[at % bytes.length] = byte;
        const altered = bytes.subarray(0, 1 + (length % bytes.length));
        const ours = inflate.decompress(altered);
        if (ours !== undefined) expect(ours).toBe(inflateRawSync(altered, { dictionary, windowBits: 12 }).toString());
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives nothing of other codes, of several blocks, and of what is too long', () => {
    const long = 'ab'.repeat(MAX_BYTES / 2);
    const fixed = { dictionary, windowBits: 12, strategy: constants.Z_FIXED };
    expect(inflate.decompress(deflateRawSync(long, fixed))).toBe(long);
    expect(inflate.decompress(deflateRawSync(`${long}a`, fixed))).toBeUndefined();
    expect(inflate.decompress(deflateRawSync(long, { dictionary, level: 0 }))).toBeUndefined();
    expect(inflate.decompress(Buffer.alloc(0))).toBeUndefined();
    expect(inflate.decompress(Buffer.alloc(16, 0xff))).toBeUndefined();
  });
});
