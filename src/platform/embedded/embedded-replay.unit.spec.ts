import { join } from 'node:path';
import { silentLogger } from '../../../test/support/silent-logger.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { replayContract } from '../replay/replay.contract.js';
import { EmbeddedBus } from './embedded-bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.js';

replayContract('the embedded log and database', async () => {
  const folder = await temporaryFolder();
  const bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
  let database: EmbeddedDatabase | undefined;
  return {
    bus,
    reopen: async () => {
      await database?.close();
      return (database = await openEmbeddedDatabase(join(folder.path, 'shop')));
    },
    dispose: async () => {
      await bus.close();
      await database?.close();
      await folder.remove();
    },
  };
});
