import { itemEvents, type Item, type ItemEvent } from '../../../test/support/items.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { aggregatesContract } from '../aggregate/aggregates.contract.js';
import { EmbeddedAggregates } from './embedded-aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.js';

aggregatesContract('EmbeddedAggregates in memory', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    stores: [storeOver(database)],
    reopen: () => Promise.resolve(storeOver(database)),
    dispose: () => database.close(),
  };
});

aggregatesContract('EmbeddedAggregates on disk', async () => {
  const folder = await temporaryFolder();
  let database = await openEmbeddedDatabase(folder.path);
  return {
    stores: [storeOver(database)],
    reopen: async () => {
      await database.close();
      database = await openEmbeddedDatabase(folder.path);
      return storeOver(database);
    },
    dispose: async () => {
      await database.close();
      await folder.remove();
    },
  };
});

function storeOver({ level }: EmbeddedDatabase): EmbeddedAggregates<Item, ItemEvent> {
  return new EmbeddedAggregates<Item, ItemEvent>(level, 'items', itemEvents);
}
