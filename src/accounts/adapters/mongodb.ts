import { type AggregateDocument, MongoAggregates } from '../../platform/mongodb/mongo-aggregates.js';
import type { MongoDatabase } from '../../platform/mongodb/mongo-database.js';
import { MongoHistory } from '../../platform/mongodb/mongo-history.js';
import { MongoListing } from '../../platform/mongodb/mongo-listing.js';
import type { Customer, CustomerEvent, CustomerRecord } from '../domain/customer.js';
import { customerEvents } from '../messages/customer-events.js';

/** What customers are looked up and sorted by. */
const INDEXED = ['contact.email', 'name.lastName', 'addresses.postalCode', 'createdAt', 'updatedAt'];

/** Where accounts keeps what it owns in MongoDB. */
export function mongoAdapters(db: MongoDatabase['db']) {
  const documents = db.collection<AggregateDocument<CustomerRecord>>('customer.accounts');
  const customers = new MongoAggregates<CustomerRecord, CustomerEvent>(documents, customerEvents);
  return {
    customers,
    customerList: new MongoListing<Customer>(db.collection('customer.accounts')),
    history: new MongoHistory<CustomerRecord>(db.collection('customer.history')),
    prepare: async () => {
      await customers.createIndexes();
      // Erased customers, who have no names, would else be the first of a list by name, to be read and left out each time.
      const keys = INDEXED.map((path) => ({ 'state.erased': 1, [`state.${path}`]: 1, _id: 1 }) as const);
      await documents.createIndexes(keys.map((key) => ({ key })));
    },
  };
}
