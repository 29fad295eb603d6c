import type { Db } from 'mongodb';
import { MongoAggregates } from '../../platform/mongodb/mongo-aggregates.js';
import type { Customer, CustomerEvent } from '../domain/customer.js';
import { customerEvents } from '../messages/customer-events.js';

/** Where accounts keeps what it owns in MongoDB. */
export function mongoAdapters(db: Db) {
  const customers = new MongoAggregates<Customer, CustomerEvent>(db.collection('customer.accounts'), customerEvents);
  return { customers, prepare: () => customers.createIndexes() };
}
