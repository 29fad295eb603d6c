import { setTimeout as sleep } from 'node:timers/promises';
import type { Level } from './level.js';

/**
 * The collections belong to a generation, and a rebuild fills the next one. One value names the current generation, so
 * that all collections are swapped at once. Generation 0 is the database itself, later ones are sublevels of it.
 */
const GENERATION_PREFIX = 'generation-';
const CURRENT = 'current';
const SYNCED: object = { sync: true };
const CHUNK_SIZE = 1_000;
/** Milliseconds between two attempts to read the current generation while the database is being reopened. */
const POLL_INTERVAL_MS = 50;

/** Returns the prefix of the keys of a generation. */
export function prefixOf(number: number): string {
  return number === 0 ? '' : `!${GENERATION_PREFIX}${number}!`;
}

/** Returns a level that stays on one generation, whichever is the current one. */
export function generation(root: Level, number: number): Level {
  return number === 0 ? root : (root.sublevel<string, string>(`${GENERATION_PREFIX}${number}`, {}) as unknown as Level);
}

/** Returns true for the sublevels that are outside the generations, or one of them. */
export function isOutside(sublevel: string): boolean {
  return sublevel === 'generations' || sublevel.startsWith(GENERATION_PREFIX);
}

export async function readCurrent(root: Level): Promise<number> {
  return Number((await pointer(root).get(CURRENT)) ?? 0);
}

/** Resolves when the generation is the current one, on disk. @throws if another one still is */
export async function writeCurrent(root: Level, number: number): Promise<void> {
  try {
    await pointer(root).put(CURRENT, String(number), SYNCED);
  } catch (error) {
    if ((await readAfterReopening(root)) !== number) throw error;
  }
}

/** After a failed write only the reopened database tells whether it was applied. */
async function readAfterReopening(root: Level): Promise<number | undefined> {
  while (root.status === 'open') {
    try {
      return await readCurrent(root);
    } catch {
      await sleep(POLL_INTERVAL_MS);
    }
  }
  return undefined;
}

/** Returns the text stored under a name, or stores a new one. It is outside the generations, so rebuilds keep it. */
export async function keepFirst(root: Level, name: string, make: () => Promise<string>): Promise<string> {
  const key = `kept ${name}`;
  const before = await pointer(root).get(key);
  if (before !== undefined) return before;
  const text = await make();
  await pointer(root).put(key, text, SYNCED);
  return text;
}

/** Deletes a generation. */
export async function clearGeneration(root: Level, number: number): Promise<void> {
  const [first, last] = [`!${GENERATION_PREFIX}`, `!${GENERATION_PREFIX.slice(0, -1)}.`];
  // A sublevel `name` has its keys between `!name!` and `!name"`.
  if (number > 0) return clear(root, `${first}${number}!`, `${first}${number}"`);
  await clear(root, '', first);
  await clear(root, last, '!generations!');
  await clear(root, '!generations"', '\uffff');
}

/** Deletes all generations except one. */
export async function clearAllBut(root: Level, number: number): Promise<void> {
  const [first, last] = [`!${GENERATION_PREFIX}`, `!${GENERATION_PREFIX.slice(0, -1)}.`];
  if (number === 0) return clear(root, first, last);
  await clear(root, first, `${first}${number}!`);
  await clear(root, `${first}${number}"`, last);
  await clearGeneration(root, 0);
}

/** In chunks, because the database takes no other write during one. */
async function clear(root: Level, from: string, to: string): Promise<void> {
  let range: object = { gte: from };
  for (;;) {
    const keys = await root.keys({ ...range, lt: to, limit: CHUNK_SIZE }).all();
    await root.batch(keys.map((key) => ({ type: 'del', key }) as const));
    if (keys.length < CHUNK_SIZE) return;
    // Starting from the first key again would pass all that are deleted.
    range = { gt: keys.at(-1) };
  }
}

function pointer(root: Level) {
  return root.sublevel<string, string>('generations', {});
}
