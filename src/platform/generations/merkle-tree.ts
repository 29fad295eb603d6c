import { createHash } from 'node:crypto';

/** A complete subtree. */
interface Subtree {
  readonly hash: Buffer;
  readonly leaves: number;
}

/**
 * The root of a Merkle tree as in RFC 6962, for leaves that come one by one. Memory grows with the logarithm of their
 * number.
 */
export class MerkleTree {
  /** From the largest to the smallest. */
  private readonly subtrees: Subtree[] = [];
  count = 0;

  /** @param hash of {@link leafHash} */
  add(hash: string): void {
    this.count += 1;
    let added: Subtree = { hash: Buffer.from(hash, 'hex'), leaves: 1 };
    while (this.subtrees.at(-1)?.leaves === added.leaves) {
      const left = this.subtrees.pop() as Subtree;
      added = { hash: nodeHash(left.hash, added.hash), leaves: left.leaves * 2 };
    }
    this.subtrees.push(added);
  }

  /** Returns the root in hexadecimal. */
  root(): string {
    const root = this.subtrees.reduceRight<Buffer | undefined>(
      (right, { hash }) => (right ? nodeHash(hash, right) : hash),
      undefined,
    );
    return (root ?? createHash('sha256').digest()).toString('hex');
  }
}

/** Returns the hash of a leaf in hexadecimal. */
export function leafHash(content: string): string {
  return createHash('sha256').update(Buffer.of(0)).update(content).digest('hex');
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}
