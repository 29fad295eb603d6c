import zlib from 'node:zlib';
import type { CompressionTypes } from 'kafkajs';
import type { Compression } from '../operating/config/kafka-settings.js';
import { nativeZstd, type Zstd } from '../tools/zstd.js';

/** kafkajs's `CompressionTypes`, without loading the client. */
const TYPES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
/**
 * Limit of a decompressed batch. Our own have at most 2 MB. Batches of others can have more than `max.message.bytes`,
 * which brokers check after compression.
 */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;
/**
 * Compressed bytes of a partition that are fetched at once. kafkajs's default of 1 MiB can be 7 MB of events, of each
 * partition, and made a service that catches up 90 MB larger. A larger batch is fetched alone.
 */
export const MAX_FETCH_BYTES = 128 * 1024;
/** The lowest levels: on batches of JSON events, higher ones save little or nothing, and cost more. */
const GZIP_LEVEL = 1;
const ZSTD_LEVEL = 1;
/** For small batches the tables of the default take longer to make than the rest. */
const SMALL_BATCH_BYTES = 32 * 1024;
const GZIP_OF_SMALL = { level: GZIP_LEVEL, windowBits: 14, memLevel: 6, chunkSize: 4096 };
/** `ZSTD_c_compressionLevel` */
const LEVEL_PARAMETER = 100;

/** Compresses and decompresses the records of a batch, as kafkajs expects it. */
export interface Codec {
  compress(records: { readonly buffer: Buffer }): Buffer;
  /** @throws UnreadableBatch */
  decompress(compressed: Buffer): Buffer;
}

/**
 * A record batch that cannot be decompressed. kafkajs reports it as a crash at once, because it is not retriable. Without
 * a cause, because kafkajs would report the cause instead.
 */
export class UnreadableBatch extends Error {
  override readonly name = 'UnreadableBatch';
  readonly retriable = false;
}

/** Returns kafkajs's number of a compression. */
export function typeOf(compression: Compression): CompressionTypes {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself would load the client
  return TYPES[compression] as CompressionTypes;
}

let registered: Promise<void> | undefined;

/**
 * Makes kafkajs read gzip and zstd within {@link MAX_BATCH_BYTES}, and name the compressions that cannot be read. It
 * applies to the whole process.
 */
export function registerCodecs(): Promise<void> {
  registered ??= register();
  return registered;
}

async function register(): Promise<void> {
  const { CompressionCodecs } = (await import('kafkajs')).default;
  const codecs = CompressionCodecs as Record<number, () => Codec>;
  for (const [name, codec] of Object.entries(await readableCodecs())) {
    codecs[TYPES[name as keyof typeof TYPES]] = () => codec;
  }
}

/** Returns the codec for each compression. Those that cannot be read throw. */
export async function readableCodecs(): Promise<Readonly<Record<Exclude<keyof typeof TYPES, 'none'>, Codec>>> {
  const zstdCodec = nativeZstd ? zstd(nativeZstd) : await zstdLibrary();
  return { gzip, zstd: zstdCodec, snappy: unsupported('snappy'), lz4: unsupported('lz4') };
}

// Synchronous, because handing a batch to a thread and back costs about as much as compressing it.

/** The codec for gzip. */
export const gzip: Codec = {
  compress: ({ buffer }) =>
    zlib.gzipSync(buffer, buffer.length <= SMALL_BATCH_BYTES ? GZIP_OF_SMALL : { level: GZIP_LEVEL }),
  decompress: readable('gzip', (data) => zlib.gunzipSync(data, { maxOutputLength: MAX_BATCH_BYTES })),
};

/** Returns the codec for zstd of Node.js. */
export function zstd(native: Zstd): Codec {
  return {
    compress: ({ buffer }) => native.zstdCompressSync(buffer, { params: { [LEVEL_PARAMETER]: ZSTD_LEVEL } }),
    decompress: readable('zstd', (data) => native.zstdDecompressSync(data, { maxOutputLength: MAX_BATCH_BYTES })),
  };
}

/** Returns the codec for zstd of a Node.js without it: it only decompresses. */
export async function zstdLibrary(): Promise<Codec> {
  const { default: library } = await import('@foxglove/wasm-zstd');
  await library.isLoaded;
  return {
    compress: () => {
      throw new Error('this Node.js cannot compress with zstd');
    },
    decompress: readable('zstd', (data) => library.decompress(data, MAX_BATCH_BYTES)),
  };
}

function readable(name: string, decompress: (data: Buffer) => Buffer): Codec['decompress'] {
  return (data) => {
    try {
      return decompress(data);
    } catch (error) {
      const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
      const megabytes = MAX_BATCH_BYTES / 1024 ** 2;
      throw new UnreadableBatch(
        `a record batch cannot be decompressed: its ${name} is corrupt or exceeds ${megabytes} MB (${code})`,
      );
    }
  };
}

function unsupported(name: string): Codec {
  const refuse = () => {
    throw new UnreadableBatch(
      `a record batch is compressed with ${name}, but only zstd, gzip and none can be read; check compression.type of its topic and its producer`,
    );
  };
  return { compress: refuse, decompress: refuse };
}
