import type { StoredKey, WrappedKey } from './data-key.js';
import { isShredded } from './data-key.js';
import type { KeyCopies } from './key-source.js';

/** About 70 MB. */
const MAX_IN_MEMORY = 200_000;

/**
 * Copies of keys for a command that needs all of them for a short time: in memory, and further ones in a database. A
 * rebuild looks one up for almost every event.
 * @param others has nothing, and is used by nobody else
 */
export function keysInMemory(others: KeyCopies, maxInMemory = MAX_IN_MEMORY): KeyCopies {
  /** Undefined: the key was removed. */
  const keys = new Map<string, StoredKey | undefined>();
  /** From then on, nobody new comes into memory: a person is in one place. */
  let isFull = false;

  function isHere(person: string): boolean {
    isFull ||= keys.size >= maxInMemory;
    return keys.has(person) || !isFull;
  }

  return {
    find: async (persons) => {
      const found = new Map<string, StoredKey>();
      const elsewhere: string[] = [];
      for (const person of persons) {
        const key = keys.get(person);
        if (key) found.set(person, key);
        else if (isFull && !keys.has(person)) elsewhere.push(person);
      }
      if (elsewhere.length > 0) for (const [person, key] of await others.find(elsewhere)) found.set(person, key);
      return found;
    },
    put: async (added) => {
      const stored = new Set<string>();
      const elsewhere = new Map<string, WrappedKey>();
      for (const [person, key] of added) {
        const known = keys.get(person);
        if (isShredded(known)) continue;
        if (!isHere(person)) {
          elsewhere.set(person, key);
          continue;
        }
        if (!keys.has(person)) stored.add(person);
        keys.set(person, key);
      }
      if (elsewhere.size > 0) for (const person of await others.put(elsewhere)) stored.add(person);
      return stored;
    },
    remove: async (persons) => {
      const elsewhere: string[] = [];
      for (const person of persons) {
        if (!isHere(person)) elsewhere.push(person);
        else if (!isShredded(keys.get(person))) keys.set(person, undefined);
      }
      if (elsewhere.length > 0) await others.remove(elsewhere);
    },
    removed: async (persons) => {
      const elsewhere = persons.filter((person) => !keys.has(person));
      const there = elsewhere.length > 0 && isFull ? await others.removed(elsewhere) : new Set<string>();
      return new Set(persons.filter((person) => there.has(person) || (keys.has(person) && !keys.get(person))));
    },
    shred: async (persons) => {
      const elsewhere = new Map<string, string>();
      for (const [person, shreddedAt] of persons) {
        if (isShredded(keys.get(person))) continue;
        if (isHere(person)) keys.set(person, { shreddedAt });
        else elsewhere.set(person, shreddedAt);
      }
      if (elsewhere.size > 0) await others.shred(elsewhere);
    },
  };
}
