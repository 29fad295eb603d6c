import zlib from 'node:zlib';

/** The part of Node's zstd that is used here. */
export interface Zstd {
  zstdCompressSync(data: Uint8Array, options: { readonly params: Readonly<Record<number, number>> }): Buffer;
  zstdDecompressSync(data: Uint8Array, options: { readonly maxOutputLength: number }): Buffer;
}

/** Node's own zstd; undefined before Node.js 22.15. The types are those of Node.js 20. */
export const nativeZstd = 'zstdCompressSync' in zlib ? (zlib as unknown as Zstd) : undefined;
