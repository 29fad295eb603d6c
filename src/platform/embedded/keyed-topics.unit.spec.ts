import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BusRecord, recordsBehind } from '../log/bus.js';
import { eventually } from '../testing/eventually.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';
import { EmbeddedBus } from './bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';

const KEYS = 'test.person.keys';
const tombstone = (key: string): BusRecord => ({ ...record(key, ''), value: null });

describe('a topic of keys', () => {
  let folder: TemporaryFolder;
  let bus: EmbeddedBus;
  beforeEach(async () => {
    folder = await temporaryFolder();
    bus = await openBus();
  });
  afterEach(async () => {
    await bus.close();
    await folder.remove();
  });

  const openBus = async () => new EmbeddedBus(await openEmbeddedDatabase(folder.path), silentLogger);

  /** All that is in a topic now, as `key=value`. */
  async function contentOf(topic = KEYS): Promise<string[]> {
    const recorder = new Recorder();
    const reader = await bus.read([topic], recorder.handler());
    await reader.caughtUp();
    expect(reader.progress.read).toBe(reader.progress.total);
    await reader.stop();
    return recorder.records.map(({ key, value }) => `${String(key)}=${value === null ? 'gone' : String(value)}`).sort();
  }

  it('has only the newest record of each key', async () => {
    await bus.publish(KEYS, [record('ada', '1'), record('bob', '1')]);
    await bus.publish(KEYS, [record('ada', '2')]);
    expect(await contentOf()).toEqual(['ada=2', 'bob=1']);
  });

  it('has only the newest of several in one call, or in calls at the same time', async () => {
    await bus.publish(KEYS, [record('ada', '1'), record('ada', '2'), record('bob', '1'), record('ada', '3')]);
    await Promise.all([4, 5, 6].map((value) => bus.publish(KEYS, [record('ada', String(value))])));
    expect(await contentOf()).toEqual(['ada=6', 'bob=1']);
  });

  it('knows that a key is gone, and may have it again', async () => {
    await bus.publish(KEYS, [record('ada', '1'), tombstone('ada')]);
    expect(await contentOf()).toEqual(['ada=gone']);
    await bus.publish(KEYS, [record('ada', '2')]);
    expect(await contentOf()).toEqual(['ada=2']);
  });

  it('is one alone: other topics keep every record, and other topics of keys have theirs', async () => {
    const others = ['test.person.change', 'test.other.keys'];
    for (const topic of [KEYS, ...others]) await bus.publish(topic, [record('ada', '1'), record('ada', '2')]);
    await bus.publish(KEYS, [record('ada', '3')]);
    expect(await contentOf()).toEqual(['ada=3']);
    expect(await contentOf(others[0])).toEqual(['ada=1', 'ada=2']);
    expect(await contentOf(others[1])).toEqual(['ada=2']);
  });

  it('goes on after a restart, with offsets that only grow', async () => {
    await bus.publish(KEYS, [record('ada', '1'), record('ada', '2')]);
    await bus.close();
    bus = await openBus();
    await bus.publish(KEYS, [record('ada', '3')]);
    const ends = (await bus.extents(KEYS)).map(({ end }) => end);
    expect(ends.reduce((sum, end) => sum + end)).toBe(3);
    expect(await contentOf()).toEqual(['ada=3']);
  });

  it('is consumed past the holes, to the end', async () => {
    for (let round = 0; round < 3; round += 1) {
      await bus.publish(
        KEYS,
        Array.from({ length: 20 }, (_, index) => record(`person-${index}`, String(round))),
      );
    }
    const recorder = new Recorder();
    await bus.consume('group', new Map([[KEYS, recorder.handler()]]));
    await eventually(async () => expect(recordsBehind(await bus.consumerLag('group', KEYS))).toBe(0));
    expect([...new Set(recorder.values)]).toEqual(['2']);
    expect(recorder.records).toHaveLength(20);

    await bus.publish(KEYS, [record('person-1', '3'), record('person-1', '4'), tombstone('person-2')]);
    await eventually(async () => expect(recordsBehind(await bus.consumerLag('group', KEYS))).toBe(0));
    expect(recorder.valuesByKey()).toMatchObject({ 'person-1': expect.arrayContaining(['2', '4']) });
    expect(recorder.records.filter(({ value }) => value === null).map(({ key }) => String(key))).toEqual(['person-2']);
  });

  it('has the record of a write that is repeated after a read failed', async () => {
    await bus.close();
    const database = await openEmbeddedDatabase('memory');
    failOnce(database, `${KEYS}!bob`);
    bus = new EmbeddedBus(database, silentLogger);
    const records = [record('ada', '1'), record('bob', '1')];

    await expect(bus.publish(KEYS, records)).rejects.toThrow('the disk is away');
    await bus.publish(KEYS, records);

    expect(await contentOf()).toEqual(['ada=1', 'bob=1']);
  });

  it('leaves nothing of a key that is gone on the disk', async () => {
    const secrets = Array.from({ length: 20 }, () => randomBytes(60).toString('hex'));
    const onDisk = async () => {
      const files = await readdir(folder.path);
      const contents = await Promise.all(files.map((file) => readFile(join(folder.path, file), 'latin1')));
      // Bytes are stored in base64.
      const stored = (secret: string) => Buffer.from(secret).toString('base64');
      return secrets.filter((secret) => contents.some((content) => content.includes(stored(secret))));
    };
    await bus.publish(
      KEYS,
      secrets.map((secret, index) => record(`person-${index}`, secret)),
    );
    expect(await onDisk()).toEqual(secrets);
    await bus.publish(KEYS, [tombstone('person-0')]);
    expect(await onDisk()).not.toContain(secrets[0]);
    await bus.publish(
      KEYS,
      secrets.map((_, index) => tombstone(`person-${index}`)),
    );
    expect(await onDisk()).toEqual([]);
    expect(await contentOf()).toHaveLength(20);
  });
});

/** Makes the first lookup of where the newest record of a key is fail. */
function failOnce({ level }: EmbeddedDatabase, key: string): void {
  let failures = 1;
  const sublevel = level.sublevel.bind(level) as (name: string, options: object) => object;
  Object.assign(level, {
    sublevel: (name: string, options: object) => {
      const opened = sublevel(name, options) as { get(key: string): Promise<unknown> };
      const get = opened.get.bind(opened);
      const isMeant = (wanted: string) => name === 'keyed' && wanted === key && failures-- > 0;
      const failing = (wanted: string) =>
        isMeant(wanted) ? Promise.reject(new Error('the disk is away')) : get(wanted);
      return Object.assign(opened, { get: failing });
    },
  });
}
