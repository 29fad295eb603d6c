import { itemEvents } from '../testing/items.js';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { Change } from '../aggregate/aggregates.js';
import { type Listed, listingContract } from '../views/listing.contract.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { MongoAggregates } from './aggregates.js';
import { MongoListing } from './listing.js';

describeWithRealServers('on a real MongoDB', () => {
  listingContract('MongoListing', { runs: 15 }, async () => {
    const test = mongoTestDatabase();
    const { db } = await test.open();
    const collection = db.collection<AggregateDocument<Listed>>('items');
    const store = new MongoAggregates<Listed, Change<Listed>>(collection, itemEvents);
    return {
      listing: new MongoListing(collection),
      add: async (states) => {
        await Promise.all(states.map((state) => store.save(undefined, { type: 'created', state, commands: [] })));
      },
      clear: async () => {
        await collection.deleteMany({});
      },
      dispose: () => test.drop(),
    };
  });
});
