import type { Aggregates } from '../../platform/aggregate/aggregates.js';
import type { History } from '../../platform/history/history.js';
import type { Listing } from '../../platform/listing/listing.js';
import type { Customer, CustomerEvent, CustomerRecord } from '../domain/customer.js';

/** The system of record for customers. */
export type Customers = Aggregates<CustomerRecord, CustomerEvent>;

/** Pages through customers; erased ones have the field `erased`. */
export type CustomerList = Listing<Customer>;

/** Every recorded change of a customer, with the customer after it. */
export type CustomerHistory = History<CustomerRecord>;
