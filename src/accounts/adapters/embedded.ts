import { EmbeddedAggregates } from '../../platform/embedded/embedded-aggregates.js';
import type { Level } from '../../platform/embedded/embedded-database.js';
import { EmbeddedHistory } from '../../platform/embedded/embedded-history.js';
import { EmbeddedListing } from '../../platform/embedded/embedded-listing.js';
import type { Customer, CustomerEvent, CustomerRecord } from '../domain/customer.js';
import { customerEvents } from '../messages/customer-events.js';

/** Where accounts keeps what it owns in the embedded database. */
export function embeddedAdapters(level: Level) {
  const customers = new EmbeddedAggregates<CustomerRecord, CustomerEvent>(level, 'customer.accounts', customerEvents);
  return {
    customers,
    // A filter that only customers who were not erased pass makes the records customers.
    customerList: new EmbeddedListing<Customer>(customers as { all(): AsyncIterable<never> }),
    history: new EmbeddedHistory<CustomerRecord>(level, 'customer.history'),
    prepare: () => Promise.resolve(),
  };
}
