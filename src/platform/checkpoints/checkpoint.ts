import type { Position } from '../log/position.js';
import type { Signature } from '../privacy/key-wrapper.js';

/** A state of the log that was compared with the database and found right, so that its records need not be read again. */
export interface Checkpoint {
  /** Name of the context. */
  readonly context: string;
  /** RFC 3339; when the comparison ended. */
  readonly at: string;
  /** The topics that were read, also those that were not there yet. */
  readonly topics: readonly string[];
  /** Of each partition of these topics: how far it was read. */
  readonly positions: readonly Position[];
  /** Number of aggregates. */
  readonly aggregates: number;
  /** SHA-256 of the chunks with their newest events, in hexadecimal. */
  readonly digest: string;
}

/** A checkpoint as it is stored. Nobody can make one without a master key. */
export interface SignedCheckpoint {
  /** The chunks with the newest events are stored under it. */
  readonly id: string;
  /** The {@link Checkpoint} in JSON. */
  readonly text: string;
  readonly signature: Signature;
}

/** Stores the newest checkpoint of a context in the context's own database, so that a backup has both of one moment. */
export interface Checkpoints {
  newest(): Promise<SignedCheckpoint | undefined>;
  /** Returns the chunks of a checkpoint, in order. */
  chunks(id: string): AsyncIterable<Uint8Array>;
  /** Stores a chunk of a checkpoint that is going to be kept. @param number 0, 1, 2 ... */
  addChunk(id: string, number: number, chunk: Uint8Array): Promise<void>;
  /** Makes this checkpoint the newest, and then removes all others, and the chunks of those that were never kept. */
  keep(checkpoint: SignedCheckpoint): Promise<void>;
}

/** Returns the checkpoint in a stored text; undefined if it is none, or of a later version. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const { format, ...checkpoint } = JSON.parse(text) as Checkpoint & { readonly format: unknown };
    return format === FORMAT ? checkpoint : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the text to store. */
export function textOf(checkpoint: Checkpoint): string {
  return JSON.stringify({ format: FORMAT, ...checkpoint });
}

const FORMAT = 1;
