import { keyStoreContract } from '../privacy/key-store.contract.js';
import { madeKeysContract } from '../privacy/made-keys.contract.js';
import { type Item, type ItemChange, itemEvents, personEvents } from '../testing/items.js';
import { EmbeddedAggregates } from './aggregates.js';
import { openEmbeddedDatabase } from './database.js';

keyStoreContract('EmbeddedKeyStore', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    stores: [new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents)],
    dispose: () => database.close(),
  };
});

madeKeysContract('EmbeddedAggregates', async (sealing) => {
  const database = await openEmbeddedDatabase('memory');
  return {
    store: new EmbeddedAggregates<Item, ItemChange>(database.level, 'persons', personEvents, sealing),
    dispose: () => database.close(),
  };
});
