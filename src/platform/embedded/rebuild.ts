import type { AbstractLevel } from 'abstract-level';
import type { Rebuild } from '../rebuilding/rebuild.js';

export type Level = AbstractLevel<string | Buffer | Uint8Array, string, string>;

/**
 * The collections belong to a generation, and a rebuild fills the next one. One value names the current generation, so
 * that all collections are swapped at once. Generation 0 is the database itself, later ones are sublevels of it.
 */
const GENERATION_PREFIX = 'generation-';
const CURRENT = 'current';

/** Returns the level of the current generation. */
export async function currentGeneration(root: Level): Promise<Level> {
  return generation(root, await readCurrent(root));
}

/** Begins the next, empty generation. Only one process can open the database, so no write fence is needed. */
export async function beginRebuild<Database>(
  root: Level,
  databaseOver: (level: Level) => Database,
): Promise<Rebuild<Database>> {
  const current = await readCurrent(root);
  const next = current + 1;
  await clearAllBut(root, current);
  return {
    database: databaseOver(generation(root, next)),
    fence: () => Promise.resolve(),
    swap: async () => {
      const synced: object = { sync: true };
      await pointer(root).put(CURRENT, String(next), synced);
      await clearAllBut(root, next);
    },
    // Read the current generation again: a swap may have changed it.
    discard: async () => clearAllBut(root, await readCurrent(root)),
  };
}

/** Returns the text stored under a name, or stores a new one. It is outside the generations, so rebuilds keep it. */
export async function keepFirst(root: Level, name: string, make: () => Promise<string>): Promise<string> {
  const key = `kept ${name}`;
  const before = await pointer(root).get(key);
  if (before !== undefined) return before;
  const text = await make();
  const synced: object = { sync: true };
  await pointer(root).put(key, text, synced);
  return text;
}

function pointer(root: Level) {
  return root.sublevel<string, string>('generations', {});
}

async function readCurrent(root: Level): Promise<number> {
  return Number((await pointer(root).get(CURRENT)) ?? 0);
}

function generation(root: Level, number: number): Level {
  return number === 0 ? root : (root.sublevel<string, string>(`${GENERATION_PREFIX}${number}`, {}) as unknown as Level);
}

/** A sublevel `name` has its keys between `!name!` and `!name"`. */
async function clearAllBut(root: Level, number: number): Promise<void> {
  const [first, last] = [`!${GENERATION_PREFIX}`, `!${GENERATION_PREFIX.slice(0, -1)}.`];
  if (number === 0) {
    await root.clear({ gte: first, lt: last });
    return;
  }
  await root.clear({ lt: first });
  await root.clear({ gte: first, lt: `${first}${number}!` });
  await root.clear({ gte: `${first}${number}"`, lt: last });
  await root.clear({ gte: '!generations"' });
}
