/** Partition and offset in the former generation of a record that is in the new one. */
export interface Copied {
  readonly partition: number;
  readonly offset: number;
}

/** The hash that an event was first published with, and its hash in the new generation. */
export interface HashInCopy {
  readonly original: string;
  readonly hash: string;
}

/** The hash of a record for a Merkle tree, with its place in the order of all records. */
export interface Leaf {
  readonly order: string;
  readonly hash: string;
}

/** What a copier remembers of records. It may not fit into memory. */
export interface CopyIndex {
  add(copied: readonly Copied[]): Promise<void>;
  /** Adds hashes. The first one of an event counts: the new generation may have the event twice, with two hashes. */
  addHashes(hashes: readonly HashInCopy[]): Promise<void>;
  /** Returns those of the offsets whose records are copied. */
  copiedOf(partition: number, offsets: readonly number[]): Promise<ReadonlySet<number>>;
  /** Returns the offset of the first record of a partition that may not be copied. */
  nextOf(partition: number): Promise<number>;
  /** Returns hashes in the new generation, by the hash that an event was first published with. */
  hashesOf(originals: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Adds leaves to a tree. An equal leaf is added once. */
  addLeaves(tree: string, leaves: readonly Leaf[]): Promise<void>;
  /** The hashes of the leaves of a tree, in their order. */
  leaves(tree: string): AsyncIterable<string>;
}
