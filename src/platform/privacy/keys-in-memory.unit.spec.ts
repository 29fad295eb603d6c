import { openEmbeddedDatabase } from '../embedded/database.js';
import { keyCopiesContract } from './key-copies.contract.js';
import { keysInMemory } from './keys-in-memory.js';

for (const [what, maxInMemory] of [
  ['all in memory', 1_000],
  ['three in memory', 3],
  ['none in memory', 0],
] as const) {
  keyCopiesContract(`keysInMemory with ${what}`, async () => {
    const database = await openEmbeddedDatabase('memory');
    const copies = keysInMemory(database.stores.keyCopies('keys'), maxInMemory);
    return {
      writers: [copies],
      // They are for one process.
      reopen: () => Promise.resolve(copies),
      dispose: () => database.close(),
    };
  });
}
