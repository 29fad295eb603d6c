import { acceptCards, type CardInput, type CreditCard } from './card.js';
import { type BrokenRule, CustomerErased, CustomerNotFound, InvalidCustomer } from './errors.js';

export interface Name {
  readonly title?: string;
  readonly firstName: string;
  readonly middleName?: string;
  readonly lastName: string;
  readonly suffix?: string;
}

export interface Contact {
  readonly email: string;
  readonly primaryPhone?: string;
  readonly secondaryPhone?: string;
}

export type AddressType = 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';

export interface Address {
  readonly type: AddressType;
  readonly description?: string;
  readonly address1: string;
  readonly address2?: string;
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  readonly country: string;
}

/** A customer: what is stored, carried by events and answered to clients is this one value. */
export interface Customer {
  readonly id: string;
  readonly version: number;
  readonly name: Name;
  readonly contact: Contact;
  readonly addresses: Address[];
  readonly creditCards?: CreditCard[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What is left of a customer whose data was erased: the chain of versions, and no person. */
export interface ErasedCustomer {
  readonly id: string;
  readonly version: number;
  readonly erased: true;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What the store holds under a customer's id. */
export type CustomerRecord = Customer | ErasedCustomer;

/** A customer as a client states it. */
export interface CustomerInput {
  readonly name: Name;
  readonly contact: Contact;
  readonly addresses: (Omit<Address, 'country'> & { readonly country?: string })[];
  readonly creditCards?: CardInput[];
}

interface CustomerEventData<Record extends CustomerRecord> {
  readonly customer: Record;
  /** JSON Pointers of what changed. */
  readonly changed: string[];
}

export type CustomerEvent =
  | { readonly type: 'registered'; readonly data: CustomerEventData<Customer> }
  | { readonly type: 'changed'; readonly data: CustomerEventData<Customer> }
  | { readonly type: 'erased'; readonly data: CustomerEventData<ErasedCustomer> };

export interface CustomerChange<Record extends CustomerRecord = Customer> {
  readonly state: Record;
  readonly event: CustomerEvent;
  /** Answers that were given before must not be given again. */
  readonly forgets?: true;
}

/** Answers JSON Pointers of what differs between two values. */
export type Compare = (before: unknown, after: unknown) => string[];

/** What a decision needs of the world. */
export interface Circumstances {
  /** RFC 3339 */
  readonly now: string;
  readonly compare: Compare;
}

/** @throws InvalidCustomer */
export function registerCustomer(id: string, input: CustomerInput, { now, compare }: Circumstances): CustomerChange {
  const content = accept(input, []);
  const state = { id, version: 1, ...content, createdAt: now, updatedAt: now };
  return { state, event: { type: 'registered', data: { customer: state, changed: compare({}, content) } } };
}

/** Undefined when the customer is as stated already. @throws InvalidCustomer */
export function changeCustomer(
  customer: Customer,
  input: CustomerInput,
  { now, compare }: Circumstances,
): CustomerChange | undefined {
  const { id, version, createdAt, updatedAt, ...before } = customer;
  const content = accept(input, customer.creditCards ?? []);
  const changed = compare(before, content);
  if (changed.length === 0) return undefined;
  const time = later(now, updatedAt);
  const state = { id, version: version + 1, ...content, createdAt, updatedAt: time };
  return { state, event: { type: 'changed', data: { customer: state, changed } } };
}

/** Takes the person out, here and, by the event, in every context that copied it. */
export function eraseCustomer(customer: Customer, { now, compare }: Circumstances): CustomerChange<ErasedCustomer> {
  const { id, version, createdAt, updatedAt, ...person } = customer;
  const state = { id, version: version + 1, erased: true as const, createdAt, updatedAt: later(now, updatedAt) };
  const changed = compare(person, {});
  return { state, event: { type: 'erased', data: { customer: state, changed } }, forgets: true };
}

/** The customer, if there is one still. @throws CustomerNotFound, CustomerErased */
export function existing(record: CustomerRecord | undefined): Customer {
  if (!record) throw new CustomerNotFound();
  if ('erased' in record) throw new CustomerErased();
  return record;
}

/** A customer as its owner would state it: what a merge patch applies to. */
export function statedBy({ name, contact, addresses, creditCards }: Customer): CustomerInput {
  return { name, contact, addresses, ...(creditCards && { creditCards }) };
}

/** Clocks of two instances differ; an aggregate's own time does not go back. */
function later(now: string, before: string): string {
  return now > before ? now : before;
}

function accept({ name, contact, addresses, creditCards }: CustomerInput, held: readonly CreditCard[]) {
  const { cards, broken } = acceptCards(creditCards ?? [], held);
  const all = [
    ...atMostOneOfEachType('/addresses', addresses),
    ...atMostOneOfEachType('/creditCards', creditCards),
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

function atMostOneOfEachType(at: string, items: readonly { readonly type: string }[] = []): BrokenRule[] {
  return items.flatMap(({ type }, index) =>
    items.findIndex((other) => other.type === type) < index
      ? [{ pointer: `${at}/${index}/type`, message: `only one ${type} is allowed` }]
      : [],
  );
}
