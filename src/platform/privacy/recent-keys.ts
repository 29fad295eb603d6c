import type { StoredKey, WrappedKey } from './data-key.js';
import { RecentMap } from '../tools/recent-map.js';
import type { KeyCopies } from './key-source.js';

const MAX_RECENT = 20_000;
const RECENT_MS = 60_000;

/**
 * Copies of keys that also remember in memory, for a minute, the keys that this process has just stored: their persons'
 * first events follow at once. Use it to open events; to seal one, ask the copies themselves.
 */
export function withRecentKeys(copies: KeyCopies): KeyCopies {
  /** By person. */
  const recent = new RecentMap<string, WrappedKey>(MAX_RECENT, RECENT_MS);

  return {
    find: async (persons) => {
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
      const stored = await copies.put(keys);
      // The key of an erased person is not stored.
      for (const person of stored) recent.set(person, keys.get(person) as WrappedKey);
      return stored;
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
