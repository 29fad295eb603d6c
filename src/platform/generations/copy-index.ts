/** A record that is in the new generation, and where the former one has it. */
export interface Copied {
  /** Partition and offset in the former generation. */
  readonly partition: number;
  readonly offset: number;
  /** Of an event that got another hash: the one that it was first published with, and the one in the new generation. */
  readonly original?: string | undefined;
  readonly hash?: string | undefined;
}

/** The hash of a record for a Merkle tree, with its place in the order of all records. */
export interface Leaf {
  readonly order: string;
  readonly hash: string;
}

/** What a copier remembers of records. It may not fit into memory. */
export interface CopyIndex {
  add(copied: readonly Copied[]): Promise<void>;
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
