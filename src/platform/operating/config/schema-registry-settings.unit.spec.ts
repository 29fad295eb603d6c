import { describe, expect, it } from '@jest/globals';
import { ConfigFolder, SECRET } from '../../testing/config-folder.js';
import { configProblems } from '../../testing/config-problems.js';
import { parseConfig } from './config.js';

const URL = { SCHEMA_REGISTRY_URL: 'https://psrc-1.example' };
const LOGIN = { SCHEMA_REGISTRY_USERNAME: 'KEY', SCHEMA_REGISTRY_PASSWORD: SECRET };

describe('the configuration of the schema registry', () => {
  const { load, linesOf, write } = new ConfigFolder();

  it('is optional, with or without a login', () => {
    expect(parseConfig({})).not.toHaveProperty('SCHEMA_REGISTRY_URL');
    expect(parseConfig(URL)).toMatchObject(URL);
    expect(parseConfig({ ...URL, ...LOGIN })).toMatchObject({ ...URL, ...LOGIN });
  });

  it.each(['psrc-1.example', 'kafka://a', `https://KEY:${SECRET}@psrc-1.example`])('refuses an URL like %s', (url) => {
    expect(linesOf({ SCHEMA_REGISTRY_URL: url })).toEqual([expect.stringMatching(/^SCHEMA_REGISTRY_URL: must /)]);
  });

  it('refuses half of a login, and a login without a registry', () => {
    const { SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD } = LOGIN;
    expect(configProblems({ ...URL, SCHEMA_REGISTRY_USERNAME })).toBe(
      'SCHEMA_REGISTRY_PASSWORD: is not set, but SCHEMA_REGISTRY_USERNAME is',
    );
    expect(configProblems({ ...URL, SCHEMA_REGISTRY_PASSWORD })).toBe(
      'SCHEMA_REGISTRY_USERNAME: is not set, but SCHEMA_REGISTRY_PASSWORD is',
    );
    expect(linesOf(LOGIN)).toEqual([
      'SCHEMA_REGISTRY_USERNAME: is set, but SCHEMA_REGISTRY_URL is not',
      'SCHEMA_REGISTRY_PASSWORD: is set, but SCHEMA_REGISTRY_URL is not',
    ]);
  });

  it('reads the login from files, as secrets are mounted', async () => {
    const SCHEMA_REGISTRY_PASSWORD_FILE = await write('password', `${SECRET}\n`);
    const SCHEMA_REGISTRY_USERNAME_FILE = await write('username', 'KEY');

    const { config } = load({ ...URL, SCHEMA_REGISTRY_USERNAME_FILE, SCHEMA_REGISTRY_PASSWORD_FILE });
    expect(config).toMatchObject(LOGIN);
  });

  it('warns of a login that is sent unencrypted', () => {
    const plain = { SCHEMA_REGISTRY_URL: 'http://registry.internal:8081' };
    const warning = 'SCHEMA_REGISTRY_URL: is not an https URL; the credentials are sent unencrypted';

    expect(load({ ...plain, ...LOGIN }).warnings).toEqual([warning]);
    expect(load(plain).warnings).toEqual([]);
    expect(load({ ...URL, ...LOGIN }).warnings).toEqual([]);
  });
});
