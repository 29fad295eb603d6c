import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import library from '@foxglove/wasm-zstd';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { nativeZstd } from '../tools/zstd.js';
import { type Codec, gzip, registerCodecs, UnreadableBatch, zstd, zstdLibrary } from './compression.js';

/** A frame with the text that it decompresses to, by its size and hash. */
interface Frame {
  readonly writer: string;
  readonly frame: string;
  readonly bytes: number;
  readonly sha256: string;
}

const FRAMES = JSON.parse(readFileSync(new URL('zstd-frames.json', import.meta.url), 'utf8')) as Frame[];
const MAX_BATCH_BYTES = 64 * 1024 * 1024;
/** An endless loop for decoders that do not expect a Huffman table of a single symbol. */
const ENDLESS = '28b52ffd20646d000042410204f003ff800102030400';

const withLibrary = await zstdLibrary();
await library.isLoaded;
const decoders: [string, Codec][] = [
  ['the library', withLibrary],
  ...(nativeZstd ? [['Node.js', zstd(nativeZstd)] as [string, Codec]] : []),
];
const encoders: [string, (bytes: Buffer) => Buffer][] = [
  ['the library', (bytes) => library.compress(bytes)],
  ...decoders
    .filter(([, codec]) => codec !== withLibrary)
    .map(([name, codec]): [string, (bytes: Buffer) => Buffer] => [name, (buffer) => codec.compress({ buffer })]),
];
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.array(fc.json(), { maxLength: 50 }).map((lines) => Buffer.from(lines.join('\n'))),
);

/** A frame of blocks of 128 KiB, each of which repeats one byte. */
function bomb(blocks: number): Buffer {
  const frame = Buffer.alloc(6 + blocks * 4);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]);
  for (let block = 0; block < blocks; block += 1) {
    frame.writeUIntLE((131_072 << 3) | 2 | (block === blocks - 1 ? 1 : 0), 6 + block * 4, 3);
  }
  return frame;
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('gzip', () => {
  it('restores what it compressed', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(gzip.decompress(gzip.compress({ buffer }))).toEqual(buffer);
      }),
    );
  });

  it('is read at any level', () => {
    const text = Buffer.from('event '.repeat(1_000));
    for (const level of [1, 6, 9]) expect(gzip.decompress(zlib.gzipSync(text, { level }))).toEqual(text);
  });

  it('refuses more than 64 MB', () => {
    expect(() => gzip.decompress(zlib.gzipSync(Buffer.alloc(MAX_BATCH_BYTES + 1), { level: 1 }))).toThrow(
      'a record batch cannot be decompressed: its gzip is corrupt or exceeds 64 MB (ERR_BUFFER_TOO_LARGE)',
    );
  });

  it('refuses corrupt data', () => {
    const compressed = gzip.compress({ buffer: Buffer.from('event') });
    expect(() => gzip.decompress(compressed.subarray(0, -1))).toThrow(UnreadableBatch);
    expect(() => gzip.decompress(Buffer.from('event'))).toThrow(UnreadableBatch);
  });
});

describe.each(decoders)('zstd, read by %s', (_, codec) => {
  it.each(FRAMES.map((each) => [each.writer, each] as const))('reads the frame of %s', (_writer, each) => {
    const text = codec.decompress(Buffer.from(each.frame, 'base64'));
    expect({ bytes: text.length, sha256: hashOf(text) }).toEqual({ bytes: each.bytes, sha256: each.sha256 });
  });

  it.each(encoders)('restores what %s compressed', (_encoder, compress) => {
    fc.assert(
      fc.property(content, (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(codec.decompress(compress(buffer))).toEqual(buffer);
      }),
    );
  });

  it('reads up to 64 MB, and refuses more', () => {
    expect(codec.decompress(bomb(512))).toHaveLength(MAX_BATCH_BYTES);
    expect(() => codec.decompress(bomb(513))).toThrow(
      /^a record batch cannot be decompressed: its zstd is corrupt or exceeds 64 MB \(/,
    );
  });

  it('refuses a frame that only claims to be large', () => {
    const claim = Buffer.from('28b52ffde0ffffffffffff0f00010000', 'hex');
    expect(() => codec.decompress(claim)).toThrow(UnreadableBatch);
  });

  it('throws UnreadableBatch, and nothing else, for corrupt frames', () => {
    const frames = FRAMES.filter(({ bytes }) => bytes > 0 && bytes < 10_000);
    const place = fc.record({ at: fc.nat(), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.array(place, { minLength: 1, maxLength: 4 }), ({ frame }, changes) => {
        const corrupt = Buffer.from(frame, 'base64');
        for (const { at, to } of changes) corrupt[at % corrupt.length] = to;
        try {
          codec.decompress(corrupt);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableBatch);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(() => codec.decompress(Buffer.from(ENDLESS, 'hex'))).toThrow(UnreadableBatch);
    for (const { frame } of frames) {
      const half = Buffer.from(frame, 'base64').subarray(0, frame.length * (3 / 8));
      expect(() => codec.decompress(half)).toThrow(UnreadableBatch);
    }
  });

  it('reads on after a corrupt frame', () => {
    for (let round = 0; round < 100; round += 1) {
      expect(() => codec.decompress(Buffer.from(ENDLESS, 'hex'))).toThrow(UnreadableBatch);
    }
    const [first] = FRAMES.slice(-1);
    expect(codec.decompress(Buffer.from(first?.frame ?? '', 'base64'))).toHaveLength(first?.bytes ?? 0);
  });
});

describe('the codecs of kafkajs', () => {
  const { CompressionCodecs, CompressionTypes } = kafkajs;

  it('read gzip and zstd', async () => {
    await registerCodecs();
    const text = Buffer.from('event');
    const read = (type: number, bytes: Buffer) =>
      (CompressionCodecs as Record<number, () => Codec>)[type]?.().decompress(bytes);
    expect(read(CompressionTypes.GZIP, zlib.gzipSync(text))).toEqual(text);
    expect(read(CompressionTypes.ZSTD, library.compress(text))).toEqual(text);
  });

  it.each([
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
  ] as const)('say that %s cannot be read', async (name, type) => {
    await registerCodecs();
    const codec = (CompressionCodecs as Record<number, () => Codec>)[type]?.() as Codec;
    expect(() => codec.decompress(Buffer.alloc(1))).toThrow(
      `a record batch is compressed with ${name}, but only zstd, gzip and none can be read; check compression.type of its topic and its producer`,
    );
  });
});
