import type { Context } from '../context/define-context.js';
import { loadConfig } from '../operating/config/config.js';
import { masterKeyLine } from '../privacy/master-keys-file.js';
import { newMasterKey } from '../privacy/master-keys.js';
import { vaultOf } from '../process/open-key-wrapper.js';
import { type Command, type Flags, refusePositionals, UsageError } from './command.js';

/** Each returns the exit code. */
const ACTIONS: Readonly<Record<string, (contexts: readonly Context[], flags: Flags) => Promise<number>>> = {
  new: printNewKey,
};

export const keys = (contexts: readonly Context[]): Command => ({
  usage: `keys new [--vault]
  Manages the master keys, with which the keys of persons are encrypted.

  new        prints a new master key, as a line to append to the file that MASTER_KEYS_FILE names. Keep that file secret,
             and a copy of it where it cannot get lost: without it, no personal data in events can be read again
  --vault    has Vault encrypt the new key (VAULT_ADDR, VAULT_TRANSIT_KEY, VAULT_TOKEN)`,
  options: { vault: { type: 'boolean' } },
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

function encryptedByVault(contexts: readonly Context[], bytes: Buffer): Promise<string> {
  const { config } = loadConfig(contexts.map(({ name }) => name));
  return vaultOf(config).encrypt(bytes);
}
