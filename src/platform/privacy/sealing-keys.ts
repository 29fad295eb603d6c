import { batched } from '../tools/batching.js';
import { unavailable } from '../tools/errors.js';
import type { DataKey, StoredKey, WrappedKey } from './data-key.js';
import { isShredded } from './data-key.js';
import type { KeyRing } from './key-ring.js';
import type { KeyCopies, KeySource } from './key-source.js';

/** The key that seals an event; undefined when the event is published in clear text. */
export interface SealingKey {
  readonly key?: DataKey;
  /** Set when the key was made for this event, and has to be stored and published with it. */
  readonly made?: WrappedKey;
}

/** Finds the keys with which a context seals the events of one kind of aggregate. */
export interface SealingKeys {
  /**
   * @param person the id of the person whom the event describes
   * @param stored the key in the aggregate's own document
   * @throws KeyDestroyed, PlatformError `unavailable`
   */
  keyFor(person: string, stored: StoredKey | undefined): Promise<SealingKey>;
}

/** One lookup in the database serves many commands. */
const LOOKUPS = { maxBatch: 500, maxWaiting: 10_000, maxFlushes: 2 };

/** The person was erased since the decision was made. */
export class KeyDestroyed extends Error {
  constructor() {
    super('the key of the person was destroyed');
    this.name = 'KeyDestroyed';
  }
}

/** The keys of aggregates that are the persons themselves: each has its key in its document, made with its first event. */
export function ownKeys(ring: KeyRing): SealingKeys {
  return {
    keyFor: (person, stored) => {
      if (isShredded(stored)) return Promise.reject(new KeyDestroyed());
      if (stored) return Promise.resolve({ key: ring.open(person, stored) });
      const { key, wrapped } = ring.make(person);
      return Promise.resolve({ key, made: wrapped });
    },
  };
}

/** Copies of another context's keys. */
export interface CopiedKeys extends KeySource, Pick<KeyCopies, 'removed'> {
  /** True if the copies have every key that was published before this process began. */
  areWhole(): Promise<boolean>;
}

/** Stands for a key that is unknown, but was there or may come: the person was erased, or the copies are being rebuilt. */
const AWAITED = 'awaited';

/**
 * Seals with copies of another context's keys. A person who never had one was registered before events were sealed, and
 * has none until the owner makes one: the event is published in clear text, as those before it.
 */
export function copiedKeys(ring: KeyRing, copies: CopiedKeys): SealingKeys {
  const find = batched(LOOKUPS, async (persons: readonly string[]) => {
    // Asked first: copies that become whole during the lookup may have been incomplete when it began.
    const areWhole = await copies.areWhole();
    const found = await copies.find([...new Set(persons)]);
    const unknown = persons.filter((person) => !found.has(person));
    const awaited = areWhole && unknown.length > 0 ? await copies.removed(unknown) : new Set(unknown);
    return persons.map((person) => found.get(person) ?? (awaited.has(person) ? AWAITED : undefined));
  });
  return {
    keyFor: async (person) => {
      const stored = await find(person);
      if (stored === AWAITED) throw unavailable('the key of the person is not here yet');
      if (isShredded(stored)) throw new KeyDestroyed();
      return stored ? { key: ring.open(person, stored) } : {};
    },
  };
}
