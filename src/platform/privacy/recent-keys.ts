import type { StoredKey, WrappedKey } from './data-key.js';
import type { KeyCopies } from './key-source.js';

const MAX_RECENT = 20_000;
const RECENT_MS = 60_000;

/**
 * Copies of keys that also remember in memory, for a minute, the keys that this process has just stored: their persons'
 * first events follow at once. Use it to open events; to seal one, ask the copies themselves.
 */
export function withRecentKeys(copies: KeyCopies): KeyCopies {
  /** By person, the oldest first. */
  const recent = new Map<string, { readonly key: WrappedKey; readonly until: number }>();

  function remember(keys: ReadonlyMap<string, WrappedKey>): void {
    const until = performance.now() + RECENT_MS;
    for (const [person, key] of keys) {
      recent.delete(person);
      recent.set(person, { key, until });
    }
    for (const [oldest, { until: end }] of recent) {
      if (recent.size <= MAX_RECENT && end > performance.now()) return;
      recent.delete(oldest);
    }
  }

  return {
    find: async (persons) => {
      const found = new Map<string, StoredKey>();
      for (const person of persons) {
        const known = recent.get(person);
        if (known && known.until > performance.now()) found.set(person, known.key);
      }
      const others = persons.filter((person) => !found.has(person));
      if (others.length > 0) for (const [person, key] of await copies.find(others)) found.set(person, key);
      return found;
    },
    put: async (keys) => {
      const stored = await copies.put(keys);
      // The key of an erased person is not stored.
      if (stored.size > 0) remember(new Map([...keys].filter(([person]) => stored.has(person))));
      return stored;
    },
    remove: async (persons) => {
      for (const person of persons) recent.delete(person);
      await copies.remove(persons);
    },
    shred: async (persons) => {
      for (const person of persons.keys()) recent.delete(person);
      await copies.shred(persons);
    },
  };
}
