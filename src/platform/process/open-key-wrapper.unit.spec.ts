import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from '../operating/config/config.js';
import { bytesOf, newDataKey } from '../privacy/data-key.js';
import { masterKeyLine } from '../privacy/master-keys-file.js';
import { newMasterKey } from '../privacy/master-keys.js';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';
import { checkMasterKeys, openKeyWrapper } from './open-key-wrapper.js';

const REAL = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1', MONGODB_URI: 'mongodb://127.0.0.1:1' };
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function writeKeys(content: string): Promise<string> {
  const file = path.join(folder.path, 'keys');
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

describe('with Kafka and MongoDB, the master keys', () => {
  it('are those of the file: the last one wraps, all unwrap', async () => {
    const [older, newer] = [newMasterKey(), newMasterKey()];
    const data = newDataKey();
    const before = await openKeyWrapper(
      parseConfig({ ...REAL, MASTER_KEYS_FILE: await writeKeys(masterKeyLine(older)) }),
    );
    const wrapped = before.wrap('ada', data);
    const MASTER_KEYS_FILE = await writeKeys(`${masterKeyLine(older)}\n${masterKeyLine(newer)}\n`);
    const after = await openKeyWrapper(parseConfig({ ...REAL, MASTER_KEYS_FILE }));

    expect(after.ids).toEqual([newer.id, older.id]);
    expect(after.wrap('ada', data).master).toBe(newer.id);
    expect(bytesOf(after.unwrap('ada', wrapped))).toEqual(bytesOf(data));
  });

  it('must be configured unless personal data is written in clear text', async () => {
    const missing = /^MASTER_KEYS_FILE: is not set; .*`node dist\/main.js keys new`, or PERSONAL_DATA=clear [^\n]*$/;
    for (const open of [openKeyWrapper, checkMasterKeys]) {
      await expect(open(parseConfig(REAL))).rejects.toThrow(missing);
      await expect(open(parseConfig(REAL))).rejects.toThrow(ConfigError);
    }
    const wrapper = await openKeyWrapper(parseConfig({ ...REAL, PERSONAL_DATA: 'clear' }));
    expect(wrapper.ids).toEqual([]);
    expect(() => wrapper.wrap('ada', newDataKey())).toThrow('there is no master key');
  });

  it('open what was sealed before, while personal data is written in clear text', async () => {
    const key = newMasterKey();
    const MASTER_KEYS_FILE = await writeKeys(masterKeyLine(key));
    const wrapper = await openKeyWrapper(parseConfig({ ...REAL, PERSONAL_DATA: 'clear', MASTER_KEYS_FILE }));
    expect(wrapper.ids).toEqual([key.id]);
  });

  it.each([
    ['', 'MASTER_KEYS_FILE: contains no master key'],
    ['a s3cr3t', 'MASTER_KEYS_FILE: line 1: the key is not base64'],
  ])('are refused if the file is invalid: %j', async (content, message) => {
    const config = parseConfig({ ...REAL, MASTER_KEYS_FILE: await writeKeys(content) });
    await expect(openKeyWrapper(config)).rejects.toThrow(new ConfigError([message]));
    await expect(checkMasterKeys(config)).rejects.toThrow(new ConfigError([message]));
  });
});

describe('on the embedded backends, the master keys', () => {
  it('are created in DATA_DIR once', async () => {
    const config = parseConfig({ DATA_DIR: path.join(folder.path, 'data') });
    await checkMasterKeys(config);
    const wrappers = await Promise.all([openKeyWrapper(config), openKeyWrapper(config)]);
    expect(wrappers[0].ids).toHaveLength(1);
    expect(wrappers[1].ids).toEqual(wrappers[0].ids);
    expect((await openKeyWrapper(config)).ids).toEqual(wrappers[0].ids);
    expect(await readFile(path.join(folder.path, 'data', 'master-keys'), 'utf8')).toMatch(/^\S+ \S{44}\n$/);
  });

  it('may be in another file', async () => {
    const key = newMasterKey();
    const MASTER_KEYS_FILE = await writeKeys(masterKeyLine(key));
    expect((await openKeyWrapper(parseConfig({ DATA_DIR: folder.path, MASTER_KEYS_FILE }))).ids).toEqual([key.id]);
  });

  it('are not needed for personal data in clear text, but used if they are there', async () => {
    const sealed = { DATA_DIR: folder.path };
    const clear = parseConfig({ ...sealed, PERSONAL_DATA: 'clear' });
    expect((await openKeyWrapper(clear)).ids).toEqual([]);
    const { ids } = await openKeyWrapper(parseConfig(sealed));
    expect((await openKeyWrapper(clear)).ids).toEqual(ids);
  });

  it('are refused with the name of the file if it is invalid', async () => {
    const file = path.join(folder.path, 'master-keys');
    await writeFile(file, 'a s3cr3t\n');
    await expect(openKeyWrapper(parseConfig({ DATA_DIR: folder.path }))).rejects.toThrow(
      new ConfigError([`DATA_DIR: ${file}: line 1: the key is not base64`]),
    );
  });
});
