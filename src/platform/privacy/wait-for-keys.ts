import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredKey } from './data-key.js';
import type { KeySource } from './key-source.js';

/** Pauses before looks, in milliseconds. A key is published before the first event, and usually arrives with it. */
const PAUSES_MS = [0, 5, 10, 20, 40, 80];

/**
 * Returns a search for keys that have not arrived yet: it waits for them a little, then looks whether the persons were
 * erased meanwhile.
 * @param applyErasures applies the erasures in the log
 */
export function waitForKeys(
  source: KeySource,
  applyErasures: () => Promise<void>,
): (persons: readonly string[]) => Promise<ReadonlyMap<string, StoredKey>> {
  return async (persons) => {
    const found = new Map<string, StoredKey>();
    const look = async () => {
      const missing = persons.filter((person) => !found.has(person));
      for (const [person, key] of await source.find(missing)) found.set(person, key);
      return found.size === persons.length;
    };
    for (const pause of PAUSES_MS) {
      await sleep(pause);
      if (await look()) return found;
    }
    await applyErasures();
    await look();
    return found;
  };
}
