import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DICTIONARY_D1 } from './dictionary.js';
import { ShortDeflate } from './short-deflate.js';

const MAX_BYTES = 1_600;

/** Compresses with ours, and decompresses with zlib. */
function there(deflate: ShortDeflate, dictionary: Buffer): (text: string) => string {
  return (text) => {
    const compressed = Buffer.from(deflate.compress(text, Buffer.byteLength(text)));
    expect(compressed.length % 16).toBe(0);
    return inflateRawSync(compressed, dictionary.length > 0 ? { dictionary } : {}).toString();
  };
}

const withDictionary = there(new ShortDeflate(DICTIONARY_D1, MAX_BYTES, 16), DICTIONARY_D1);

describe('the compression of short texts', () => {
  it('is decompressed by zlib to any text, one after another', () => {
    const text = fc.string({ unit: 'binary', maxLength: 350 }).map((each) => each.toWellFormed());
    fc.assert(fc.property(text, (each) => expect(withDictionary(each)).toBe(each)));
  });

  it('is decompressed by zlib to texts made of parts of the dictionary and of themselves', () => {
    const dictionary = DICTIONARY_D1.toString();
    const part = fc.tuple(fc.nat(dictionary.length), fc.integer({ min: 1, max: 300 }));
    const text = fc
      .array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 8 })
      .map((parts) =>
        parts.map((each) => (typeof each === 'string' ? each : dictionary.slice(...endOf(each)))).join(''),
      )
      .map((each) => (each + each).slice(0, MAX_BYTES / 2));
    fc.assert(fc.property(text, (each) => expect(withDictionary(each)).toBe(each)));
  });

  it.each([3, 4, 10, 11, 12, 18, 19, 66, 67, 130, 131, 257, 258, 259, 260, 261, 515, 516, 517])(
    'copies %s equal bytes',
    (length) => expect(withDictionary('~'.repeat(length + 1))).toBe('~'.repeat(length + 1)),
  );

  it('reaches every distance of its window', () => {
    for (let distance = 1; distance <= MAX_BYTES - 8; distance += 1) {
      // Digits of another alphabet, so that nothing in between is equal.
      const between = Array.from({ length: distance }, (_, index) => String.fromCharCode(33 + ((index * index) % 90)));
      const text = `\u0001\u0002\u0003\u0004${between.join('')}\u0001\u0002\u0003\u0004`.slice(0, MAX_BYTES);
      expect(withDictionary(text)).toBe(text);
    }
  });

  it('forgets the text before', () => {
    const deflate = there(new ShortDeflate(Buffer.alloc(0), 200, 16), Buffer.alloc(0));
    const [long, other] = ['a secret that repeats, a secret that repeats', 'another text, a secret that rep'];
    for (let times = 0; times < 5; times += 1) {
      expect([deflate(long), deflate(other)]).toEqual([long, other]);
    }
  });

  it('goes on after more texts than positions can be counted', () => {
    // One text moves the positions by the whole window.
    const deflate = there(new ShortDeflate(Buffer.alloc(0), 2 ** 26, 16), Buffer.alloc(0));
    for (let times = 0; times < 100; times += 1) expect(deflate('abcabcabc')).toBe('abcabcabc');
  });

  it('shows nothing of the text before in what fills up', () => {
    const deflate = new ShortDeflate(DICTIONARY_D1, MAX_BYTES, 16);
    const first = Buffer.from(deflate.compress('x', 1));
    deflate.compress('Ω'.repeat(500), 1_000);
    expect(deflate.compress('x', 1)).toEqual(first);
  });
});

function endOf([start, length]: readonly [number, number]): [number, number] {
  return [start, start + length];
}
