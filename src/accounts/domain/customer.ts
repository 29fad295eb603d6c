import { acceptCards, type CreditCard, type CreditCardInput } from './card.js';
import { type BrokenRule, CustomerErased, CustomerNotFound, InvalidCustomer } from './errors.js';

// tsoa copies the comments and the limits of these shapes into the OpenAPI document.

/** @example { "title": "Ms", "firstName": "Ada", "lastName": "Lovelace" } */
export interface Name {
  /** @maxLength 50 */
  readonly title?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  readonly firstName: string;
  /** @maxLength 100 */
  readonly middleName?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  readonly lastName: string;
  /** @maxLength 50 */
  readonly suffix?: string;
}

/** @example { "email": "ada@example.com", "primaryPhone": "+1 202 555 0100" } */
export interface Contact {
  /**
   * @maxLength 254
   * @pattern ^[^\s@]+@[^\s@]+$
   */
  readonly email: string;
  /** @maxLength 50 */
  readonly primaryPhone?: string;
  /** @maxLength 50 */
  readonly secondaryPhone?: string;
}

export type AddressType = 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';

/** At most one address of each type. */
export interface AddressInput {
  readonly type: AddressType;
  /** @maxLength 200 */
  readonly description?: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  readonly address1: string;
  /** @maxLength 200 */
  readonly address2?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  readonly city: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  readonly state: string;
  /**
   * @minLength 1
   * @maxLength 20
   */
  readonly postalCode: string;
  /**
   * ISO 3166-1 alpha-2; `US` by default.
   * @maxLength 2
   * @pattern ^[A-Z]{2}$
   */
  readonly country?: string;
}

export interface Address extends AddressInput {
  /**
   * ISO 3166-1 alpha-2.
   * @maxLength 2
   * @pattern ^[A-Z]{2}$
   */
  readonly country: string;
}

/**
 * The data of a customer that a client sends.
 * @example {
 *   "name": { "firstName": "Ada", "lastName": "Lovelace" },
 *   "contact": { "email": "ada@example.com" },
 *   "addresses": [
 *     {
 *       "type": "SHIPPING",
 *       "address1": "12 St James Square",
 *       "city": "London",
 *       "state": "LND",
 *       "postalCode": "SW1Y 4JH",
 *       "country": "GB"
 *     }
 *   ],
 *   "creditCards": [
 *     { "type": "PRIMARY", "number": "4111 1111 1111 1111", "expiration": "12/30", "nameOnCard": "Ada Lovelace" }
 *   ]
 * }
 */
export interface CustomerInput {
  readonly name: Name;
  readonly contact: Contact;
  /** @maxItems 3 */
  readonly addresses: AddressInput[];
  /** @maxItems 2 */
  readonly creditCards?: CreditCardInput[];
}

export interface Customer {
  /** @format uuid */
  readonly id: string;
  /**
   * Starts at 1; each change adds 1. Also the `ETag`.
   * @isLong
   * @minimum 1
   */
  readonly version: number;
  readonly name: Name;
  readonly contact: Contact;
  /** @maxItems 3 */
  readonly addresses: Address[];
  /** @maxItems 2 */
  readonly creditCards?: CreditCard[];
  /**
   * RFC 3339
   * @format date-time
   */
  readonly createdAt: string;
  /**
   * RFC 3339
   * @format date-time
   */
  readonly updatedAt: string;
}

/** A customer after an erasure: the version and the times, without personal data. */
export interface ErasedCustomer {
  readonly id: string;
  readonly version: number;
  readonly erased: true;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The state of a customer: the same value is stored, published in events and returned to clients. */
export type CustomerRecord = Customer | ErasedCustomer;

/** A change of a customer; the event carries the whole customer after it. */
export type CustomerChange =
  | { readonly type: 'registered'; readonly state: Customer }
  | { readonly type: 'changed'; readonly state: Customer }
  // Stored responses contain personal data, so they must not be replayed any more.
  | { readonly type: 'erased'; readonly state: ErasedCustomer; readonly forgets: true };

/** @param now RFC 3339, here and below. @throws InvalidCustomer */
export function registerCustomer(id: string, input: CustomerInput, now: string) {
  const state: Customer = { id, version: 1, ...accept(input, []), createdAt: now, updatedAt: now };
  return { type: 'registered', state } as const satisfies CustomerChange;
}

/** Returns the customer with the given content, which may equal the current one. @throws InvalidCustomer */
export function changeCustomer(customer: Customer, input: CustomerInput, now: string) {
  const { id, version, createdAt, updatedAt, creditCards } = customer;
  const content = accept(input, creditCards ?? []);
  const state: Customer = { id, version: version + 1, ...content, createdAt, updatedAt: later(now, updatedAt) };
  return { type: 'changed', state } as const satisfies CustomerChange;
}

/** Removes the personal data. The event makes every context with a copy do the same. */
export function eraseCustomer({ id, version, createdAt, updatedAt }: Customer, now: string) {
  const state: ErasedCustomer = {
    ...{ id, version: version + 1, erased: true, createdAt },
    updatedAt: later(now, updatedAt),
  };
  return { type: 'erased', state, forgets: true } as const satisfies CustomerChange;
}

/** Returns a customer that exists and is not erased. @throws CustomerNotFound, CustomerErased */
export function existing(record: CustomerRecord | undefined): Customer {
  if (!record) throw new CustomerNotFound();
  if ('erased' in record) throw new CustomerErased();
  return record;
}

/** Returns the part of a customer that a client can change; a merge patch applies to it. */
export function statedBy({ name, contact, addresses, creditCards }: Customer): CustomerInput {
  return { name, contact, addresses, ...(creditCards && { creditCards }) };
}

/** The clocks of two instances differ, but the time of an aggregate must not go backwards. */
function later(now: string, before: string): string {
  return now > before ? now : before;
}

function accept({ name, contact, addresses, creditCards }: CustomerInput, held: readonly CreditCard[]) {
  const { cards, broken } = acceptCards(creditCards ?? [], held);
  const all = [
    ...findRepeatedTypes('/addresses', addresses),
    ...findRepeatedTypes('/creditCards', creditCards),
    ...broken,
  ];
  if (all.length > 0) throw new InvalidCustomer(all);
  return {
    name,
    contact,
    addresses: addresses.map((address) => ({ ...address, country: address.country ?? 'US' })),
    ...(creditCards && { creditCards: cards }),
  };
}

function findRepeatedTypes(at: string, items: readonly { readonly type: string }[] = []): BrokenRule[] {
  return items.flatMap(({ type }, index) =>
    items.findIndex((other) => other.type === type) < index
      ? [{ pointer: `${at}/${index}/type`, message: `only one ${type} is allowed` }]
      : [],
  );
}
