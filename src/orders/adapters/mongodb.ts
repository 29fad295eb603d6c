import { type AggregateDocument, MongoAggregates } from '../../platform/mongodb/mongo-aggregates.js';
import type { MongoDatabase } from '../../platform/mongodb/mongo-database.js';
import { MongoHistory } from '../../platform/mongodb/mongo-history.js';
import { MongoListing } from '../../platform/mongodb/mongo-listing.js';
import { MongoProjection } from '../../platform/mongodb/mongo-projection.js';
import type { CustomerRecord } from '../domain/customer.js';
import type { Order, OrderEvent } from '../domain/order.js';
import { orderEvents } from '../messages/order-events.js';

/** Where orders keeps what it owns, and what it copies, in MongoDB. */
export function mongoAdapters(db: MongoDatabase['db']) {
  const collection = db.collection<AggregateDocument<Order>>('customer.orders');
  const orders = new MongoAggregates<Order, OrderEvent>(collection, orderEvents);
  return {
    orders,
    orderList: new MongoListing<Order>(collection),
    history: new MongoHistory<unknown>(db.collection('order.history')),
    customers: new MongoProjection<CustomerRecord>(db.collection('customers')),
    prepare: async () => {
      await orders.createIndexes();
      await collection.createIndexes([
        { key: { 'state.customerId': 1, 'state.createdAt': 1, _id: 1 } },
        { key: { 'state.status': 1, 'state.createdAt': 1, _id: 1 } },
        { key: { 'state.createdAt': 1, _id: 1 } },
        { key: { 'state.updatedAt': 1, _id: 1 } },
      ]);
    },
  };
}
