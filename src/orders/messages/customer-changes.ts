import { Ajv } from 'ajv';
import type { CloudEvent } from '../../platform/event/cloud-event.js';
import { majorVersionOf, UnreadableRecord } from '../../platform/event/parse-cloud-event.js';
import type { Address, Customer, CustomerRecord } from '../domain/customer.js';

/** The topic on which the owner of customers states their changes. */
export const CUSTOMER_CHANGES = 'accounts.customer.change';

const ERASED = 'accounts.customer.erased';
const UNDERSTOOD = new Set(['accounts.customer.registered', 'accounts.customer.changed', ERASED]);

const text = { type: 'string' };

/** What orders needs of a customer, and no more: the owner may add to it freely. */
const NEEDED = {
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
            required: ['type', 'address1', 'city', 'state', 'postalCode'],
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
};

/** What orders needs to know of a customer who was erased. */
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

/** What orders needs of the data of each message that it understands, by `dataschema`. */
export const NEEDED_OF_CUSTOMER_CHANGES: Readonly<Record<string, object>> = {
  'urn:schema:accounts.customer.registered:v1': NEEDED,
  'urn:schema:accounts.customer.changed:v1': NEEDED,
  'urn:schema:accounts.customer.erased:v1': NEEDED_OF_ERASED,
};

const ajv = new Ajv({ strict: true });
const validateNeeded = ajv.compile(NEEDED);
const validateNeededOfErased = ajv.compile(NEEDED_OF_ERASED);

/**
 * Orders' own, tolerant reading of a customer's change; undefined for a type of event that it does not know.
 * @throws UnreadableRecord
 */
export function readCustomerChange(event: CloudEvent): CustomerRecord | undefined {
  if (!UNDERSTOOD.has(event.type)) return undefined;
  const major = majorVersionOf(event);
  if (major !== 1) throw new UnreadableRecord(`major version ${major} of ${event.type} is not known here`);
  const erased = event.type === ERASED;
  const validate = erased ? validateNeededOfErased : validateNeeded;
  if (!validate(event.data)) {
    const [error] = validate.errors ?? [];
    throw new UnreadableRecord(`data${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  }
  const { customer } = event.data as { customer: Customer };
  const { id, version, name, contact, addresses, createdAt, updatedAt } = customer;
  if (id !== event.subject || String(version) !== event.sequence) {
    throw new UnreadableRecord('subject and sequence are not those of data/customer');
  }
  if (erased) return { id, version, erased };
  return { id, version, name, contact, addresses: addresses.map(withCountry), createdAt, updatedAt };
}

/** Events from before the country was stated meant the United States. */
function withCountry(address: Address): Address {
  return { ...address, country: (address as Partial<Address>).country ?? 'US' };
}
