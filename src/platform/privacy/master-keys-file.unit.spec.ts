import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';
import { newMasterKey } from './master-keys.js';
import { createMasterKeysFile, masterKeyLine, readMasterKeysFile } from './master-keys-file.js';

describe('a created file of master keys', () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder.path, 'data', 'master-keys');
  });
  afterEach(() => folder.remove());

  it('contains the key, and only its owner can read it', async () => {
    const key = newMasterKey();
    await createMasterKeysFile(file, key);
    expect(await readMasterKeysFile(file)).toEqual([{ id: key.id, value: key.bytes.toString('base64'), number: 1 }]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is never replaced', async () => {
    const key = newMasterKey();
    await createMasterKeysFile(file, key);
    await createMasterKeysFile(file, newMasterKey());
    expect(await readFile(file, 'utf8')).toBe(`${masterKeyLine(key)}\n`);
  });

  it('is the same for all that create it at once, which leave nothing else behind', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await createMasterKeysFile(file, newMasterKey());
        return readFile(file, 'utf8');
      }),
    );
    expect(new Set(seen).size).toBe(1);
    expect(await readdir(path.dirname(file))).toEqual(['master-keys']);
  });

  it('cannot be created below a file', async () => {
    await createMasterKeysFile(file, newMasterKey());
    await expect(createMasterKeysFile(path.join(file, 'deep', 'below'), newMasterKey())).rejects.toThrow(
      /^cannot be created: not a directory$/,
    );
    await expect(createMasterKeysFile(path.join(file, 'below'), newMasterKey())).rejects.toThrow(
      /^cannot be created: not a directory$/,
    );
  });
});

it('a file of master keys that is not there cannot be read', async () => {
  await expect(readMasterKeysFile('/nowhere/master-keys')).rejects.toThrow('cannot be read (ENOENT)');
});
