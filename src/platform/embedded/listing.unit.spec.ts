import { itemEvents } from '../testing/items.js';
import type { Change } from '../aggregate/aggregates.js';
import { type Listed, listingContract } from '../views/listing.contract.js';
import { EmbeddedAggregates } from './aggregates.js';
import { openEmbeddedDatabase } from './database.js';
import { EmbeddedListing } from './listing.js';

listingContract('EmbeddedListing', { runs: 100 }, async () => {
  const database = await openEmbeddedDatabase('memory');
  const store = new EmbeddedAggregates<Listed, Change<Listed>>(database.level, 'items', itemEvents);
  return {
    listing: new EmbeddedListing<Listed>(database.level, 'items'),
    add: async (states) => {
      await Promise.all(states.map((state) => store.save(undefined, { type: 'created', state, commands: [] })));
    },
    clear: () => database.level.clear(),
    dispose: () => database.close(),
  };
});
