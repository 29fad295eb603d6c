import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { runCommandLine } from '../src/platform/commands/command-line.js';
import { type Config, ConfigError, parseConfig } from '../src/platform/operating/config/config.js';
import { bytesOf, newDataKey } from '../src/platform/privacy/data-key.js';
import { masterKeyLine } from '../src/platform/privacy/master-keys-file.js';
import { newMasterKey } from '../src/platform/privacy/master-keys.js';
import { VaultTransit } from '../src/platform/privacy/vault-transit.js';
import { checkMasterKeys, openKeyWrapper } from '../src/platform/process/open-key-wrapper.js';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';
import { isUnavailable } from '../src/platform/tools/errors.js';
import { startVault, type Vault } from './support/vault.js';

const KEY = 'accounts orders';
const TOKEN = 's3cr3t-token';
let vault: Vault;
let folder: TemporaryFolder;

beforeEach(async () => {
  [vault, folder] = [await startVault({ key: KEY, token: TOKEN }), await temporaryFolder()];
});
afterEach(async () => {
  await vault.close();
  await folder.remove();
});

const vaultSettings = () => ({ VAULT_ADDR: vault.address, VAULT_TRANSIT_KEY: KEY, VAULT_TOKEN: TOKEN });

async function configWith(lines: readonly string[], settings: Record<string, unknown> = {}): Promise<Config> {
  const MASTER_KEYS_FILE = path.join(folder.path, 'keys');
  await writeFile(MASTER_KEYS_FILE, lines.join('\n'), { mode: 0o600 });
  return parseConfig({ ...vaultSettings(), ...settings, MASTER_KEYS_FILE });
}

function encrypted(bytes: Buffer): Promise<string> {
  return new VaultTransit({ address: vault.address, key: KEY, token: TOKEN }).encrypt(bytes);
}

/** Runs the command line in this process, with these settings only. */
async function run(settings: Record<string, string>, ...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  const { env } = process;
  process.env = { ...settings };
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (printed.stdout += `${text}\n`));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void (printed.stderr += `${text}\n`));
  try {
    return { code: await runCommandLine(CONTEXTS, args), ...printed };
  } finally {
    process.env = env;
    jest.restoreAllMocks();
  }
}

describe('a master key that Vault has encrypted', () => {
  it('is decrypted once, at start, and works as one that is in the file', async () => {
    const [inFile, inVault] = [newMasterKey(), newMasterKey()];
    const lines = [masterKeyLine(inFile), `${inVault.id} ${await encrypted(inVault.bytes)}`];
    const before = vault.requests.length;
    const wrapper = await openKeyWrapper(await configWith(lines, { VAULT_NAMESPACE: 'team' }));
    expect(vault.requests.slice(before)).toEqual([
      { path: '/v1/transit/decrypt/accounts%20orders', namespace: 'team' },
    ]);

    await vault.close();
    expect(wrapper.ids).toEqual([inVault.id, inFile.id]);
    const key = newDataKey();
    const opened = wrapper.unwrap('ada', wrapper.wrap('ada', key));
    expect(bytesOf(opened)).toEqual(bytesOf(key));
  });

  it('is made by the command keys new --vault', async () => {
    const { code, stdout, stderr } = await run(vaultSettings(), 'keys', 'new', '--vault');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\S+ vault:v1:\S+\n$/);
    const wrapper = await openKeyWrapper(await configWith([stdout]));
    expect(wrapper.ids).toEqual([stdout.split(' ')[0]]);
  });

  it('needs the settings of Vault, which are checked without asking Vault', async () => {
    const lines = ['a vault:v1:x'];
    await checkMasterKeys(await configWith(lines));
    const without = await configWith(lines, { VAULT_ADDR: undefined, VAULT_TOKEN: undefined });
    for (const open of [checkMasterKeys, openKeyWrapper]) {
      await expect(open(without)).rejects.toThrow(
        new ConfigError([
          'VAULT_ADDR: is not set; master keys that Vault has encrypted need it',
          'VAULT_TOKEN: is not set; master keys that Vault has encrypted need it',
        ]),
      );
    }
    expect(vault.requests).toEqual([]);
  });

  it.each(['aws-kms:abc', 'constructor:abc'])('is refused if no known service has encrypted it: %s', async (value) => {
    await expect(checkMasterKeys(await configWith([`a ${value}`]))).rejects.toThrow(
      new ConfigError(['MASTER_KEYS_FILE: line 1: is encrypted by a service that is not known here']),
    );
  });

  it('must have 32 bytes', async () => {
    const line = `a ${await encrypted(Buffer.from('s3cr3t'))}`;
    await expect(openKeyWrapper(await configWith(['', line]))).rejects.toThrow(
      new ConfigError(['MASTER_KEYS_FILE: line 2: the key has 6 bytes instead of 32']),
    );
  });
});

describe('if Vault does not decrypt, the reason is named without a secret', () => {
  const refusal = async (settings: Record<string, unknown> = {}, value?: string) => {
    const line = `a ${value ?? (await encrypted(newMasterKey().bytes))}`;
    return refusalOf(await configWith([line], settings));
  };
  const refusalOf = async (config: Config) => {
    const error = await openKeyWrapper(config).catch((reason: unknown) => reason as Error);
    expect(isUnavailable(error)).toBe(true);
    const { message, cause } = error as Error;
    expect(message).not.toContain('s3cr3t');
    expect(cause).toBeUndefined();
    return message;
  };

  it('for a wrong token', async () => {
    const message = 'Vault refuses VAULT_TOKEN for the key in VAULT_TRANSIT_KEY';
    expect(await refusal({ VAULT_TOKEN: 's3cr3t-other' })).toBe(message);
  });

  it('for a token that no header can have', async () => {
    expect(await refusal({ VAULT_TOKEN: 's3cr3t\nx' })).toBe(
      'Vault does not answer at VAULT_ADDR (the request failed)',
    );
  });

  it('for another key', async () => {
    expect(await refusal({ VAULT_TRANSIT_KEY: 'other' })).toBe(
      'Vault has no transit engine, or not the key in VAULT_TRANSIT_KEY',
    );
  });

  it('for a value of another key', async () => {
    expect(await refusal({}, 'vault:v1:s3cr3t')).toMatch(/^Vault does not accept the value: /);
  });

  it.each([
    [503, 'Vault is sealed or in maintenance'],
    [500, 'Vault answers with status 500'],
    [200, 'what answers at VAULT_ADDR is not Vault'],
    [307, 'Vault does not answer at VAULT_ADDR (the request failed)'],
  ])('for status %s', async (status, message) => {
    const config = await configWith([`a ${await encrypted(newMasterKey().bytes)}`]);
    vault.status = status;
    expect(await refusalOf(config)).toBe(message);
    vault.status = undefined;
    expect((await openKeyWrapper(config)).ids).toEqual(['a']);
  });

  it('while it is away, and a command exits with it', async () => {
    const config = await configWith([`a ${await encrypted(newMasterKey().bytes)}`]);
    const settings = vaultSettings();
    await vault.close();
    const message = 'Vault does not answer at VAULT_ADDR (ECONNREFUSED)';
    expect(await refusalOf(config)).toBe(message);
    expect(await run(settings, 'keys', 'new', '--vault')).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
  });
});

describe('the settings of Vault', () => {
  it('can have the token in a file, and none of them shows it', async () => {
    const VAULT_TOKEN_FILE = path.join(folder.path, 'token');
    await writeFile(VAULT_TOKEN_FILE, `${TOKEN}\n`);
    const { VAULT_TOKEN: _token, ...settings } = { ...vaultSettings(), VAULT_TOKEN_FILE };
    expect((await run(settings, 'keys', 'new', '--vault')).code).toBe(0);
    const { code, stdout } = await run(settings, 'config');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^VAULT_TOKEN +\*\*\* /m);
    expect(stdout).not.toContain(TOKEN);
  });

  it.each([
    ['http://vault.example:8200', 'must be an https URL, unless the host is a loopback address'],
    ['vault.example', 'must be an http or https URL'],
    ['https://s3cr3t@vault.example', 'must not contain credentials'],
  ])('refuse an address that is not safe: %s', (VAULT_ADDR, reason) => {
    expect(() => parseConfig({ VAULT_ADDR })).toThrow(new ConfigError([`VAULT_ADDR: ${reason}`]));
  });
});
