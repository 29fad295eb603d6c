import type { StoredKey, WrappedKey } from './data-key.js';
import { RecentMap } from '../tools/recent-map.js';
import type { KeyCopies } from './key-source.js';

const MAX_RECENT = 20_000;
const RECENT_MS = 60_000;

/**
 * Copies of keys that also remember in memory, for a minute, the keys that this process has just stored: their persons'
 * first events follow at once, and wait for keys that are being stored. Use it to open events; to seal one, ask the
 * copies themselves.
 */
export function withRecentKeys(copies: KeyCopies): KeyCopies {
  /** By person. */
  const recent = new RecentMap<string, WrappedKey>(MAX_RECENT, RECENT_MS);
  /** By person: resolves when the key is stored. */
  const arriving = new Map<string, Promise<unknown>>();

  async function store(keys: ReadonlyMap<string, WrappedKey>): Promise<ReadonlySet<string>> {
    const stored = await copies.put(keys);
    // The key of an erased person is not stored.
    for (const person of stored) recent.set(person, keys.get(person) as WrappedKey);
    return stored;
  }

  return {
    find: async (persons) => {
      await Promise.allSettled(new Set(persons.flatMap((person) => arriving.get(person) ?? [])));
      const found = new Map<string, StoredKey>();
      for (const person of persons) {
        const known = recent.get(person);
        if (known) found.set(person, known);
      }
      const others = persons.filter((person) => !found.has(person));
      if (others.length > 0) for (const [person, key] of await copies.find(others)) found.set(person, key);
      return found;
    },
    put: async (keys) => {
      const storing = store(keys);
      for (const person of keys.keys()) arriving.set(person, storing);
      try {
        return await storing;
      } finally {
        for (const person of keys.keys()) if (arriving.get(person) === storing) arriving.delete(person);
      }
    },
    remove: async (persons) => {
      for (const person of persons) recent.delete(person);
      await copies.remove(persons);
    },
    removed: (persons) => copies.removed(persons),
    shred: async (persons) => {
      for (const person of persons.keys()) recent.delete(person);
      await copies.shred(persons);
    },
  };
}
