import type { Database } from '../context/database.js';
import type { OpenContext } from '../context/open-context.js';
import type { KeyRing } from '../privacy/key-ring.js';
import { keysInMemory } from '../privacy/keys-in-memory.js';
import { type AllKeys, KeysOfLog } from '../privacy/keys-of-log.js';
import { type Connections, privacyOf } from './connections.js';
import { type Run, runPhase } from './run.js';

/** A context, and how to open it over other databases, for a rebuild from the log. */
export interface RebuildableContext {
  readonly live: OpenContext;
  /** Opens the context over new collections, with all keys that are in the log. */
  open(database: Database): OpenContext;
  /** Returns all keys of a topic that are in the log. */
  readonly keysOf: (topic: string) => AllKeys;
  /** Returns the number of persons whose events nobody can open, though they were never erased. */
  countLostKeys(): number;
  /** Signs checkpoints; undefined without a master key. */
  readonly ring: KeyRing | undefined;
}

/**
 * Reads the topics of keys to their ends, which the events that come after need.
 * @param scratch has room for the keys
 */
export async function withKeysOfLog<T>(
  connections: Connections,
  scratch: Database,
  run: Run,
  work: (rebuildable: RebuildableContext) => Promise<T>,
): Promise<T> {
  const { context, bus, database } = connections;
  const { signal: stopping } = run;
  const privacy = await privacyOf(connections);
  const live = context.open(database, { stopping, privacy });
  const keys = new Map<string, KeysOfLog>();
  try {
    await runPhase(run, 'reading-keys', async () => {
      for (const topic of context.events.keys) {
        const owner = live.stores.find(({ keysTopic }) => keysTopic === topic)?.keys;
        const copies = keysInMemory(scratch.stores.keyCopies(topic));
        keys.set(topic, await KeysOfLog.read(topic, bus, copies, owner, stopping));
      }
    });
    const allKeys = (topic: string) => keys.get(topic) as KeysOfLog;
    return await work({
      live,
      open: (other) => context.open(other, { stopping, privacy: privacy && { ...privacy, allKeys } }),
      keysOf: allKeys,
      ring: privacy?.ring.canSign ? privacy.ring : undefined,
      countLostKeys: () => [...keys.values()].reduce((sum, { lost }) => sum + lost.size, 0),
    });
  } finally {
    for (const each of keys.values()) await each.stop();
  }
}
