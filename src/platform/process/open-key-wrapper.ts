import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError, isEmbedded } from '../operating/config/config.js';
import type { KeyManagementService } from '../privacy/key-management-service.js';
import type { KeyWrapper } from '../privacy/key-wrapper.js';
import { decodeMasterKey, type MasterKeyLine } from '../privacy/master-key-lines.js';
import { createMasterKeysFile, readMasterKeysFile } from '../privacy/master-keys-file.js';
import { type MasterKey, MasterKeys, newMasterKey } from '../privacy/master-keys.js';
import { VaultTransit } from '../privacy/vault-transit.js';

/** A file of master keys, and the setting that names it. */
interface KeysFile {
  readonly setting: 'MASTER_KEYS_FILE' | 'DATA_DIR';
  readonly path: string;
}

/**
 * Opens the configured master keys. The embedded backends make one in DATA_DIR/master-keys if none is configured.
 * @throws ConfigError with a line that names the setting, and nothing of a key
 * @throws PlatformError `unavailable` when a key management service does not decrypt a key
 */
export async function openKeyWrapper(config: Config): Promise<KeyWrapper> {
  const file = keysFileOf(config);
  if (file === undefined) return new MasterKeys([]);
  if (file.setting === 'DATA_DIR') await naming(file, () => createMasterKeysFile(file.path, newMasterKey()));
  const lines = await readLines(config, file);
  const keys = await Promise.all(lines.map((line) => openLine(config, file, line)));
  return new MasterKeys(keys.reverse());
}

/** Checks what can be checked without a key management service. @throws ConfigError as {@link openKeyWrapper} does */
export async function checkMasterKeys(config: Config): Promise<void> {
  const file = keysFileOf(config);
  if (file?.setting === 'MASTER_KEYS_FILE') await readLines(config, file);
}

/** Returns the configured Vault. @throws ConfigError that names the setting that is missing */
export function vaultOf(config: Config): KeyManagementService {
  const { VAULT_ADDR: address, VAULT_TRANSIT_KEY: key, VAULT_TOKEN: token, VAULT_NAMESPACE: namespace } = config;
  if (address !== undefined && key !== undefined && token !== undefined) {
    return new VaultTransit({ address, key, token, namespace });
  }
  const needed = { VAULT_ADDR: address, VAULT_TRANSIT_KEY: key, VAULT_TOKEN: token };
  const missing = Object.entries(needed).filter(([, value]) => value === undefined);
  throw new ConfigError(missing.map(([name]) => `${name}: is not set; master keys that Vault has encrypted need it`));
}

/** Each key management service, by what the values begin with that it has encrypted. */
const SERVICES: Readonly<Record<string, (config: Config) => KeyManagementService>> = { vault: vaultOf };

/** Returns the service that has encrypted this value; undefined if none has. @throws Error when it is not known */
function serviceOf(config: Config, { value, number }: MasterKeyLine): KeyManagementService | undefined {
  const [prefix = '', ...rest] = value.split(':');
  if (rest.length === 0) return undefined;
  const find = Object.hasOwn(SERVICES, prefix) ? SERVICES[prefix] : undefined;
  if (!find) throw new Error(`line ${number}: is encrypted by a service that is not known here`);
  return find(config);
}

function readLines(config: Config, file: KeysFile): Promise<MasterKeyLine[]> {
  return naming(file, async () => {
    const lines = await readMasterKeysFile(file.path);
    for (const line of lines) serviceOf(config, line);
    return lines;
  });
}

async function openLine(config: Config, file: KeysFile, line: MasterKeyLine): Promise<MasterKey> {
  const { id, value, number } = line;
  const decrypted = await serviceOf(config, line)?.decrypt(value);
  return naming(file, () => ({ id, bytes: decodeMasterKey(decrypted?.toString('base64') ?? value, number) }));
}

/** Returns undefined if there are no master keys, and none are needed. @throws ConfigError if they are */
function keysFileOf(config: Config): KeysFile | undefined {
  const { MASTER_KEYS_FILE: file, PERSONAL_DATA, DATA_DIR } = config;
  if (file !== undefined) return { setting: 'MASTER_KEYS_FILE', path: file };
  const own = { setting: 'DATA_DIR', path: path.join(DATA_DIR, 'master-keys') } as const;
  if (isEmbedded(config)) return PERSONAL_DATA === 'sealed' || existsSync(own.path) ? own : undefined;
  if (PERSONAL_DATA === 'clear') return undefined;
  throw new ConfigError([
    'MASTER_KEYS_FILE: is not set; set it to a file with the output of `node dist/main.js keys new`, or PERSONAL_DATA=clear to write events with personal data in clear text',
  ]);
}

async function naming<T>({ setting, path: file }: KeysFile, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const which = setting === 'DATA_DIR' ? `${file}: ` : '';
    throw new ConfigError([`${setting}: ${which}${(error as Error).message}`]);
  }
}
