import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError, isEmbedded } from '../operating/config/config.js';
import type { KeyWrapper } from '../privacy/key-wrapper.js';
import { decodeMasterKey, type MasterKeyLine } from '../privacy/master-key-lines.js';
import { createMasterKeysFile, readMasterKeysFile } from '../privacy/master-keys-file.js';
import { type MasterKey, MasterKeys, newMasterKey } from '../privacy/master-keys.js';

/** A file of master keys, and the setting that names it. */
interface KeysFile {
  readonly setting: string;
  readonly path: string;
}

/**
 * Opens the configured master keys. The embedded backends make one in DATA_DIR/master-keys if none is configured.
 * @throws ConfigError with a line that names the setting, and nothing of a key
 */
export async function openKeyWrapper(config: Config): Promise<KeyWrapper> {
  const file = keysFileOf(config);
  if (file?.setting === 'DATA_DIR') await naming(file, () => createMasterKeysFile(file.path, newMasterKey()));
  const lines = file === undefined ? [] : await naming(file, () => readMasterKeysFile(file.path));
  const keys = lines.map(openLine);
  return new MasterKeys(keys.reverse());
}

/** @throws ConfigError when the master keys cannot be opened, whatever a key management service says */
export async function checkMasterKeys(config: Config): Promise<void> {
  const file = keysFileOf(config);
  if (file?.setting === 'MASTER_KEYS_FILE') await naming(file, () => readMasterKeysFile(file.path));
}

function openLine({ id, value, number }: MasterKeyLine): MasterKey {
  return { id, bytes: decodeMasterKey(value, number) };
}

/** Returns undefined if there are no master keys, and none are needed. @throws ConfigError if they are */
function keysFileOf(config: Config): KeysFile | undefined {
  const { MASTER_KEYS_FILE: file, PERSONAL_DATA, DATA_DIR } = config;
  if (file !== undefined) return { setting: 'MASTER_KEYS_FILE', path: file };
  const own = { setting: 'DATA_DIR', path: path.join(DATA_DIR, 'master-keys') };
  if (isEmbedded(config)) return PERSONAL_DATA === 'sealed' || existsSync(own.path) ? own : undefined;
  if (PERSONAL_DATA === 'clear') return undefined;
  throw new ConfigError([
    'MASTER_KEYS_FILE: is not set; set it to a file with the output of `node dist/main.js keys new`, or PERSONAL_DATA=clear to write events with personal data in clear text',
  ]);
}

async function naming<T>({ setting, path: file }: KeysFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const which = setting === 'DATA_DIR' ? `${path.basename(file)}: ` : '';
    throw new ConfigError([`${setting}: ${which}${(error as Error).message}`]);
  }
}
