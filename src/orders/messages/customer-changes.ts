import { type CloudEvent, dataschemaOf, tolerantCheck, UnreadableRecord, upcast } from '../../platform/index.js';
import type { CustomerCopy, CustomerRecord } from '../domain/customer.js';
import { customerChangeUpcasters } from './customer-change-upcasters.js';

/** The topic where the owner of customers publishes their changes. */
export const CUSTOMER_CHANGES = 'accounts.customer.change';
/** The topic of the keys that open them. */
export const CUSTOMER_KEYS = 'accounts.customer.keys';

const REGISTERED = 'accounts.customer.registered';
const CHANGED = 'accounts.customer.changed';
/** The event type of an erasure. */
export const CUSTOMER_ERASED = 'accounts.customer.erased';

/** The event types that orders reads, each with the newest major version that it understands. */
const UNDERSTOOD: ReadonlyMap<string, number> = new Map([
  [REGISTERED, 3],
  [CHANGED, 3],
  [CUSTOMER_ERASED, 1],
]);

const text = { type: 'string' };

/** Returns a schema of only the fields that orders needs: the owner may add other fields. */
const needed = (ofAddress: readonly string[]) => ({
  type: 'object',
  required: ['customer'],
  properties: {
    customer: {
      type: 'object',
      required: ['id', 'version', 'name', 'contact', 'addresses', 'createdAt', 'updatedAt'],
      properties: {
        id: text,
        version: { type: 'integer', minimum: 1 },
        name: { type: 'object', required: ['firstName', 'lastName'], properties: { firstName: text, lastName: text } },
        contact: { type: 'object', required: ['email'], properties: { email: text } },
        addresses: {
          type: 'array',
          items: {
            type: 'object',
            required: ofAddress,
            properties: {
              type: text,
              description: text,
              address1: text,
              address2: text,
              city: text,
              state: text,
              postalCode: text,
              country: text,
            },
          },
        },
        createdAt: text,
        updatedAt: text,
      },
    },
  },
});

const ADDRESS = ['type', 'address1', 'city', 'state', 'postalCode'];
const NEEDED_OF_VERSION_1 = needed(ADDRESS);
const NEEDED = needed([...ADDRESS, 'country']);

/** The fields that orders needs of an erased customer. */
const NEEDED_OF_ERASED = {
  type: 'object',
  required: ['customer'],
  properties: {
    customer: {
      type: 'object',
      required: ['id', 'version'],
      properties: { id: text, version: { type: 'integer', minimum: 1 } },
    },
  },
};

/** Schemas of the data that orders needs, by `dataschema`, for each message that it reads. */
export const NEEDED_OF_CUSTOMER_CHANGES: Readonly<Record<string, object>> = {
  [dataschemaOf(REGISTERED, 1)]: NEEDED_OF_VERSION_1,
  [dataschemaOf(REGISTERED, 2)]: NEEDED,
  [dataschemaOf(REGISTERED, 3)]: NEEDED,
  [dataschemaOf(CHANGED, 1)]: NEEDED_OF_VERSION_1,
  [dataschemaOf(CHANGED, 2)]: NEEDED,
  [dataschemaOf(CHANGED, 3)]: NEEDED,
  [dataschemaOf(CUSTOMER_ERASED, 1)]: NEEDED_OF_ERASED,
};

const check = tolerantCheck(Object.entries(NEEDED_OF_CUSTOMER_CHANGES).map(([$id, schema]) => ({ $id, ...schema })));

/**
 * Reads a customer's change as a tolerant reader; returns undefined for an unknown event type, and for a change of a
 * customer who was erased since.
 * @throws UnreadableRecord
 */
export function readCustomerChange(event: CloudEvent): CustomerRecord | undefined {
  const newest = UNDERSTOOD.get(event.type);
  // Of an erased person nothing is known any more: the erasure follows.
  if (newest === undefined || event.forgotten) return undefined;
  const { dataschema, data } = upcast(event, customerChangeUpcasters, newest);
  check(dataschema, data);
  const { customer } = data as { customer: CustomerCopy };
  const { id, version, name, contact, addresses, createdAt, updatedAt } = customer;
  if (id !== event.subject || String(version) !== event.sequence) {
    throw new UnreadableRecord('subject and sequence are not those of data/customer');
  }
  if (event.type === CUSTOMER_ERASED) return { id, version, erased: true };
  return { id, version, name, contact, addresses, createdAt, updatedAt };
}
