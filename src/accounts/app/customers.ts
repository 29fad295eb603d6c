import type { Aggregates } from '../../platform/aggregate/aggregates.js';
import type { Customer, CustomerEvent } from '../domain/customer.js';

/** The system of record for customers. */
export type Customers = Aggregates<Customer, CustomerEvent>;
