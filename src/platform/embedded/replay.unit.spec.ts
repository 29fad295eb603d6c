import { join } from 'node:path';
import type { ShopFixture } from '../testing/shop-world.js';
import { silentLogger } from '../testing/silent-logger.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { replayContract } from '../rebuilding/replay.contract.js';
import { replayStatesContract } from '../rebuilding/replay-states.contract.js';
import { republishContract } from '../rebuilding/republish.contract.js';
import { EmbeddedBus } from './bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';

async function openFixture(): Promise<ShopFixture> {
  const folder = await temporaryFolder();
  const log = await openEmbeddedDatabase('memory');
  const bus = new EmbeddedBus(log, silentLogger);
  let database: EmbeddedDatabase | undefined;
  return {
    bus,
    reopen: async () => {
      await database?.close();
      return (database = await openEmbeddedDatabase(join(folder.path, 'shop')));
    },
    loseTopics: async (topics) => {
      const records = log.level.sublevel<string, string>('log', {});
      for (const topic of topics) await records.clear({ gte: `${topic}!`, lt: `${topic}"` });
    },
    dispose: async () => {
      await bus.close();
      await database?.close();
      await folder.remove();
    },
  };
}

replayContract('the embedded log and database', openFixture);
replayStatesContract('the embedded log and database', openFixture, 40);
republishContract('the embedded log and database', openFixture);
