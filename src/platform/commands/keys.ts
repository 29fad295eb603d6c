import { masterKeyLine } from '../privacy/master-keys-file.js';
import { newMasterKey } from '../privacy/master-keys.js';
import { type Command, type Flags, refusePositionals, UsageError } from './command.js';

const ACTIONS: Readonly<Record<string, (flags: Flags) => Promise<number>>> = { new: printNewKey };

export const keys = (): Command => ({
  usage: `keys new
  Manages the master keys, with which the keys of persons are encrypted.

  new        prints a new master key, as a line to append to the file that MASTER_KEYS_FILE names. Keep that file secret,
             and a copy of it where it cannot get lost: without it, no personal data in events can be read again`,
  options: {},
  run: (flags, [action, ...more]) => {
    const names = Object.keys(ACTIONS).join(', ');
    if (action === undefined) throw new UsageError(`keys needs one of: ${names}`);
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) throw new UsageError(`keys: unknown action '${action}'`);
    refusePositionals(more);
    return act(flags);
  },
});

function printNewKey(): Promise<number> {
  console.log(masterKeyLine(newMasterKey()));
  return Promise.resolve(0);
}
