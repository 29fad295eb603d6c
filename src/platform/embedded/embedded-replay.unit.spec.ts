import { join } from 'node:path';
import type { ShopFixture } from '../../../test/support/shop-world.js';
import { silentLogger } from '../../../test/support/silent-logger.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { replayContract } from '../replay/replay.contract.js';
import { republishContract } from '../republish/republish.contract.js';
import { EmbeddedBus } from './embedded-bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.js';

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
republishContract('the embedded log and database', openFixture);
