import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { leafHash, MerkleTree } from './merkle-tree.js';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** As RFC 6962 defines it, with all leaves in memory. */
function rootOf(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), Buffer.from(leaves[0]!));
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

describe('a Merkle tree', () => {
  it.each([0, 1, 2, 3, 5, 8, 13, 100])('has the root of RFC 6962 for %d leaves', (count) => {
    const leaves = Array.from({ length: count }, (_, index) => `leaf ${index}`);
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.add(leafHash(leaf));

    expect(tree.root()).toBe(rootOf(leaves).toString('hex'));
    expect(tree.count).toBe(count);
  });
});
