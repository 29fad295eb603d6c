import { keyStoreContract } from '../privacy/key-store.contract.js';
import { type Item, type ItemChange, itemEvents } from '../testing/items.js';
import { EmbeddedAggregates } from './aggregates.js';
import { openEmbeddedDatabase } from './database.js';

keyStoreContract('EmbeddedKeyStore', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    stores: [new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents)],
    dispose: () => database.close(),
  };
});
