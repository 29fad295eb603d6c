import { cp } from 'node:fs/promises';
import path from 'node:path';
import type { BusFixture } from '../../../test/support/bus-world.js';
import { silentLogger } from '../../../test/support/silent-logger.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { busContract } from '../bus/bus.contract.js';
import { EmbeddedBus } from './embedded-bus.js';
import { openEmbeddedDatabase } from './embedded-database.js';

busContract('EmbeddedBus in memory', openInMemory);
busContract('EmbeddedBus on disk', openOnDisk);

async function openInMemory(): Promise<BusFixture> {
  const database = await openEmbeddedDatabase('memory');
  // What is in memory is kept for as long as the store is open.
  const kept = { ...database, close: () => Promise.resolve() };
  const buses = [new EmbeddedBus(kept, silentLogger)];
  const openAnother = (): EmbeddedBus => {
    const next = new EmbeddedBus(kept, silentLogger);
    buses.push(next);
    return next;
  };
  return {
    bus: buses[0]!,
    reopen: async () => {
      await buses[0]!.close();
      return openAnother();
    },
    crash: () => Promise.resolve(openAnother()),
    bury: () => undefined,
    dispose: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await database.close();
    },
  };
}

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
    reopen: async () => {
      await first.close();
      return open('log');
    },
    // What a killed process leaves is what is in its files at that moment.
    crash: async () => {
      await cp(path.join(folder.path, 'log'), path.join(folder.path, 'left'), { recursive: true });
      return open('left');
    },
    bury: () => undefined,
    dispose: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await folder.remove();
    },
  };
}
