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

/** A customer as orders knows one: copied from what the owner of customers states. */
export interface Customer {
  readonly id: string;
  readonly version: number;
  readonly name: Name;
  readonly contact: Contact;
  readonly addresses: Address[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What is left of a customer whose owner erased the data. */
export interface ErasedCustomer {
  readonly id: string;
  readonly version: number;
  readonly erased: true;
}

/** What orders holds under a customer's id. */
export type CustomerRecord = Customer | ErasedCustomer;

/** Where an order to this customer goes: the shipping address, or the alternate one where there is no other. */
export function shippingAddressOf(customer: CustomerRecord): Address | undefined {
  if ('erased' in customer) return undefined;
  const { addresses } = customer;
  return (
    addresses.find(({ type }) => type === 'SHIPPING') ?? addresses.find(({ type }) => type === 'SHIPPING_ALTERNATE')
  );
}
