import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Link } from '../rebuilding/links.js';

/** The newest events of aggregates as of a checkpoint, by topic and id. They may not fit into memory. */
export interface Heads {
  add(heads: readonly Link[]): Promise<void>;
  /** Returns the heads of these aggregates of a topic, in the order of the ids. */
  find(topic: string, ids: readonly string[]): Promise<readonly (Link | undefined)[]>;
  /** Returns all heads, or those of one topic, in order of topic and id (by bytes). */
  all(topic?: string): AsyncIterable<Link>;
}

/** Aggregates in a chunk, at most. */
export const CHUNK_SIZE = 4_000;

/** What a chunk may come to: what is stored may be altered, and is compressed. */
const MAX_CHUNK_BYTES = 64 * 1024 ** 2;

type HeadFields = readonly [
  id: string,
  version: number,
  partition: number,
  offset: number,
  hash: string | null,
  ofCopy: string | null,
];

/** Returns a chunk with the newest events of some aggregates of one topic: about 60 bytes for each. */
export function encodeHeads(topic: string, heads: readonly Link[]): Uint8Array {
  const fields = heads.map(({ id, version, partition, offset, hash, copy }): HeadFields => [
    ...([id, version, partition, offset] as const),
    hash ?? null,
    copy?.hash ?? null,
  ]);
  // What takes most of it is random: more effort saves nothing.
  return deflateRawSync(JSON.stringify([topic, fields]), { level: 1 });
}

/** Returns the newest events in a chunk. @throws Error when it is none */
export function decodeHeads(chunk: Uint8Array): readonly Link[] {
  const [topic, heads] = JSON.parse(inflateRawSync(chunk, { maxOutputLength: MAX_CHUNK_BYTES }).toString()) as [
    string,
    readonly HeadFields[],
  ];
  return heads.map(([id, version, partition, offset, hash, ofCopy]) => ({
    ...{ topic, id, version, partition, offset, fromCheckpoint: true },
    ...(hash !== null && { hash }),
    ...(ofCopy !== null && { copy: { hash: ofCopy } }),
  }));
}
