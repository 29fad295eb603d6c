import { chmod } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { ConfigFolder, SECRET } from '../../testing/config-folder.js';

const { write, load, linesOf } = new ConfigFolder();

describe('personal data', () => {
  it('is sealed unless it is configured otherwise', () => {
    expect(load({})).toMatchObject({ config: { PERSONAL_DATA: 'sealed' }, warnings: [] });
    expect(linesOf({ PERSONAL_DATA: SECRET })).toEqual(['PERSONAL_DATA: must be sealed or clear']);
  });

  it('in clear text causes a warning', () => {
    expect(load({ PERSONAL_DATA: 'clear' })).toMatchObject({
      config: { PERSONAL_DATA: 'clear' },
      warnings: ['PERSONAL_DATA: is clear, so new events contain personal data in clear text'],
    });
  });
});

describe('the file of master keys', () => {
  it('causes a warning if every user of the machine can read it', async () => {
    const MASTER_KEYS_FILE = await write('master-keys', SECRET);
    await chmod(MASTER_KEYS_FILE, 0o640);
    expect(load({ MASTER_KEYS_FILE }).warnings).toEqual([]);
    await chmod(MASTER_KEYS_FILE, 0o644);
    expect(load({ MASTER_KEYS_FILE }).warnings).toEqual([
      'MASTER_KEYS_FILE: every user of this machine can read the file',
    ]);
  });
});
