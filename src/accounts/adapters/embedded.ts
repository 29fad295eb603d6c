import { EmbeddedAggregates } from '../../platform/embedded/embedded-aggregates.js';
import type { Level } from '../../platform/embedded/embedded-database.js';
import type { Customer, CustomerEvent } from '../domain/customer.js';
import { customerEvents } from '../messages/customer-events.js';

/** Where accounts keeps what it owns in the embedded database. */
export function embeddedAdapters(level: Level) {
  const customers = new EmbeddedAggregates<Customer, CustomerEvent>(level, 'customer.accounts', customerEvents);
  return { customers, prepare: () => Promise.resolve() };
}
