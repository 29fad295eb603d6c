import { itemEvents } from '../../../test/support/items.js';
import type { DomainEvent } from '../event/cloud-event.js';
import { type Listed, listingContract } from '../listing/listing.contract.js';
import { EmbeddedAggregates } from './embedded-aggregates.js';
import { openEmbeddedDatabase } from './embedded-database.js';
import { EmbeddedListing } from './embedded-listing.js';

listingContract('EmbeddedListing', { runs: 100 }, async () => {
  const database = await openEmbeddedDatabase('memory');
  const store = new EmbeddedAggregates<Listed, DomainEvent>(database.level, 'items', itemEvents);
  return {
    listing: new EmbeddedListing(store),
    add: async (states) => {
      await Promise.all(
        states.map((state) =>
          store.save(undefined, { state, event: { type: 'created', data: { item: state } }, commands: [] }),
        ),
      );
    },
    clear: () => database.level.clear(),
    dispose: () => database.close(),
  };
});
