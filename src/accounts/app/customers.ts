import { type Aggregates, type Erasures, type HistoryReader, type Listing, token } from '../../platform/index.js';
import type { Customer, CustomerChange, CustomerRecord } from '../domain/customer.js';

/** The system of record for customers. */
export type Customers = Aggregates<CustomerRecord, CustomerChange>;
export const CUSTOMERS = token<Customers>('customers');

/** Pages through customers; erased ones have the field `erased`. */
export type CustomerList = Listing<Customer>;
export const CUSTOMER_LIST = token<CustomerList>('list of customers');

/** Every recorded change of a customer, with the whole customer after it. */
export type CustomerHistory = HistoryReader<CustomerRecord>;
export const CUSTOMER_HISTORY = token<CustomerHistory>('history of customers');

/** Attests erasures, with what other contexts confirm. */
export type CustomerErasures = Erasures;
export const CUSTOMER_ERASURES = token<CustomerErasures>('erasures of customers');
