import { cp } from 'node:fs/promises';
import path from 'node:path';
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { RecordHandler } from '../log/bus.js';
import type { BusFixture } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { busContract } from '../log/bus.contract.js';
import { EmbeddedBus } from './bus.js';
import { openEmbeddedDatabase } from './database.js';

busContract('EmbeddedBus in memory', openInMemory);
busContract('EmbeddedBus on disk', openOnDisk);

async function openInMemory(): Promise<BusFixture> {
  const database = await openEmbeddedDatabase('memory');
  // Data in memory lives as long as the store is open.
  const kept = { ...database, close: () => Promise.resolve() };
  const buses = [new EmbeddedBus(kept, silentLogger)];
  const openAnother = (): EmbeddedBus => {
    const next = new EmbeddedBus(kept, silentLogger);
    buses.push(next);
    return next;
  };
  return {
    bus: buses[0]!,
    session: 0,
    reopen: async () => {
      await buses[0]!.close();
      return openAnother();
    },
    crash: () => Promise.resolve(openAnother()),
    endCrashedCalls: () => undefined,
    dispose: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await database.close();
    },
  };
}

describe('a group on the embedded log', () => {
  it('continues after a failed offset write', async () => {
    const database = await openEmbeddedDatabase('memory');
    let failures = 2;
    const sublevel = database.level.sublevel.bind(database.level) as (name: string, options: object) => object;
    Object.assign(database.level, {
      sublevel: (name: string, options: object) => {
        const level = sublevel(name, options) as { put(key: string, value: string): Promise<void> };
        const put = level.put.bind(level);
        const failing = () => ((failures -= 1) < 0 ? undefined : Promise.reject(new Error('no space left')));
        return name === 'offsets'
          ? Object.assign(level, { put: (k: string, v: string) => failing() ?? put(k, v) })
          : level;
      },
    });
    const bus = new EmbeddedBus(database, silentLogger);
    const recorder = new Recorder();
    await bus.consume('group', new Map([['topic', recorder.handler()]]));

    await bus.publish('topic', [record('k', 'first')]);
    await eventually(() => expect(failures).toBeLessThan(0));
    await bus.publish('topic', [record('k', 'second')]);

    await eventually(() => expect(new Set(recorder.values)).toEqual(new Set(['first', 'second'])));
    await bus.close();
  });

  it('handles many partitions at the same time without a warning of Node.js', async () => {
    const names: string[] = [];
    const listen = (warning: Error) => void names.push(warning.name);
    // The process of a test is a copy, which receives no warnings.
    const realProcess = runInThisContext('process') as NodeJS.Process;
    realProcess.on('warning', listen);
    const database = await openEmbeddedDatabase('memory');
    const bus = new EmbeddedBus(database, silentLogger);
    const topics = ['accounts', 'orders', 'parcels'];
    const handled = new Set<string>();
    const release = gate();
    const handler: RecordHandler = async ([first]) => {
      handled.add(`${first?.topic}-${first?.partition}`);
      await release.opened;
    };
    await bus.consume('group', new Map(topics.map((topic) => [topic, handler])));
    const records = Array.from({ length: 100 }, (_, index) => record(`key-${index}`, 'value'));
    await Promise.all(topics.map((topic) => bus.publish(topic, records)));
    try {
      await eventually(() => expect(handled.size).toBe(18));
    } finally {
      release.open();
      await bus.close();
      await database.close();
      realProcess.off('warning', listen);
    }
    expect(names).not.toContain('MaxListenersExceededWarning');
  });
});

async function openOnDisk(): Promise<BusFixture> {
  const folder = await temporaryFolder();
  const buses: EmbeddedBus[] = [];
  const open = async (name: string): Promise<EmbeddedBus> => {
    const bus = new EmbeddedBus(await openEmbeddedDatabase(path.join(folder.path, name)), silentLogger);
    buses.push(bus);
    return bus;
  };
  const first = await open('log');
  return {
    bus: first,
    session: 0,
    reopen: async () => {
      await first.close();
      return open('log');
    },
    // A killed process leaves its files as they are at that moment.
    crash: async () => {
      await cp(path.join(folder.path, 'log'), path.join(folder.path, 'left'), { recursive: true });
      return open('left');
    },
    endCrashedCalls: () => undefined,
    dispose: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await folder.remove();
    },
  };
}
