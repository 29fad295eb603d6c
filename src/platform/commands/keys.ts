import type { Context } from '../context/define-context.js';
import { ownsKeys } from '../event/event-stream.js';
import type { BusRecord } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import { keysInMemory } from '../privacy/keys-in-memory.js';
import { KeyRing } from '../privacy/key-ring.js';
import { copyKeys } from '../privacy/keys-of-log.js';
import { checkKeys, type KeyPlaces, rotateKeys } from '../privacy/rotate-keys.js';
import { loadConfig } from '../operating/config/config.js';
import { masterKeyLine } from '../privacy/master-keys-file.js';
import { newMasterKey } from '../privacy/master-keys.js';
import { vaultOf } from '../process/open-key-wrapper.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import { openContext } from '../maintenance/connections.js';
import { withScratchDatabase } from '../maintenance/scratch.js';
import { expectReady, withConnections } from './connections.js';
import { formatCount } from './progress.js';

const MAX_PRINTED = 20;

/** Each returns the exit code. */
const ACTIONS: Readonly<Record<string, (contexts: readonly Context[], flags: Flags) => Promise<number>>> = {
  new: printNewKey,
  rotate: (contexts, flags) => withKeyPlaces(contexts, flags, rotate),
  check: (contexts, flags) => withKeyPlaces(contexts, flags, check),
};

export const keys = (contexts: readonly Context[]): Command => ({
  usage: `keys new|rotate|check [--module ${listModules(contexts)}] [--vault]
  Manages the keys of persons, which seal personal data in events, and the master keys that encrypt them.

  new        prints a new master key, as a line to append to the file that MASTER_KEYS_FILE names. Keep that file secret,
             and a copy of it where it cannot get lost: without it, no personal data in events can be read again
  rotate     encrypts the keys of all persons with the newest master key, makes those that are missing, and publishes
             what the topic of keys lacks. Events stay as they are. Run it after a new master key was deployed to every
             service; then the old one can be removed. Services may run meanwhile, and it can be run again
  check      reports keys that cannot be used, that the topic lacks, or that are left of erased persons; exits 1 if any
  --module   bounded context that owns the persons
  --vault    has Vault encrypt the new key (VAULT_ADDR, VAULT_TRANSIT_KEY, VAULT_TOKEN)`,
  options: { ...MODULE_OPTION, vault: { type: 'boolean' } },
  run: (flags, [action, ...more]) => {
    const names = Object.keys(ACTIONS).join(', ');
    if (action === undefined) throw new UsageError(`keys needs one of: ${names}`);
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) throw new UsageError(`keys: unknown action '${action}'`);
    refusePositionals(more);
    return act(contexts, flags);
  },
});

async function printNewKey(contexts: readonly Context[], { vault }: Flags): Promise<number> {
  const key = newMasterKey();
  console.log(vault === true ? `${key.id} ${await encryptedByVault(contexts, key.bytes)}` : masterKeyLine(key));
  return 0;
}

/** Opens the documents of the module's persons, and reads the keys on their topic. */
function withKeyPlaces(contexts: readonly Context[], flags: Flags, work: KeyWork): Promise<number> {
  const context = findContext(contexts, flags);
  const owned = context.events.publishes.find(ownsKeys);
  if (!owned) throw new UsageError(`keys: ${context.name} does not own the keys of persons`);
  const topic = owned.keys as string;
  return withConnections(context, async (connections) => {
    await expectReady(connections);
    const { bus } = connections;
    const ring = new KeyRing(await connections.openKeyWrapper());
    const store = (await openContext(connections, connections.interrupted)).stores.find(
      ({ keysTopic }) => keysTopic === topic,
    );
    if (!store) throw new Error(`${context.name} has no store of ${owned.typePrefix}`);
    return withScratchDatabase('keys', async (scratch) => {
      const published = keysInMemory(scratch.stores.keyCopies(topic));
      await readToEnd(bus, [topic], (records) => copyKeys(published, records));
      return work({ ring, store: store.keys, published }, (records) => bus.publish(topic, records));
    });
  });
}

type KeyWork = (places: KeyPlaces, publish: (records: readonly BusRecord[]) => Promise<void>) => Promise<number>;

async function rotate(places: KeyPlaces, publish: Parameters<KeyWork>[1]): Promise<number> {
  const { rewrapped, made, published, withdrawn } = await rotateKeys(places, publish);
  console.log(`${formatCount(rewrapped, 'key')} encrypted with the newest master key, ${made} made`);
  console.log(`${formatCount(published, 'key')} published, ${withdrawn} of erased persons withdrawn`);
  return 0;
}

async function check(places: KeyPlaces): Promise<number> {
  const { persons, erased, without, byMaster, problems } = await checkKeys(places);
  for (const { id, what } of problems.slice(0, MAX_PRINTED)) console.log(`${id}: ${what}`);
  if (problems.length > MAX_PRINTED) console.log(`and ${problems.length - MAX_PRINTED} more`);
  console.log(
    `${formatCount(persons, 'person', 'persons')}, ${erased} of them erased, ${without} without a key (see keys rotate)`,
  );
  for (const [master, count] of byMaster)
    console.log(`${formatCount(count, 'key')} encrypted with master key ${master}`);
  console.log(
    problems.length === 0 ? 'every key can be used, and is on the topic' : formatCount(problems.length, 'problem'),
  );
  return problems.length > 0 ? 1 : 0;
}

function encryptedByVault(contexts: readonly Context[], bytes: Buffer): Promise<string> {
  const { config } = loadConfig(contexts.map(({ name }) => name));
  return vaultOf(config).encrypt(bytes);
}
