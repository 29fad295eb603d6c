// The comments on these shapes are also what the OpenAPI document says.

/** A customer's address as orders knows it. */
export interface CustomerAddress {
  readonly type: 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';
  readonly description?: string;
  readonly address1: string;
  readonly address2?: string;
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface CustomerName {
  readonly title?: string;
  readonly firstName: string;
  readonly middleName?: string;
  readonly lastName: string;
  readonly suffix?: string;
}

export interface CustomerContact {
  readonly email: string;
  readonly primaryPhone?: string;
  readonly secondaryPhone?: string;
}

/** Orders' own copy of a customer. */
export interface CustomerCopy {
  readonly id: string;
  /** @isInt */
  readonly version: number;
  readonly name: CustomerName;
  readonly contact: CustomerContact;
  readonly addresses: CustomerAddress[];
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

/** What is left of a customer whose owner erased the data. */
export interface ErasedCustomer {
  readonly id: string;
  readonly version: number;
  readonly erased: true;
}

/** What orders holds under a customer's id. */
export type CustomerRecord = CustomerCopy | ErasedCustomer;

/** Where an order to this customer goes: the shipping address, or the alternate one where there is no other. */
export function shippingAddressOf(customer: CustomerRecord): CustomerAddress | undefined {
  if ('erased' in customer) return undefined;
  const { addresses } = customer;
  return (
    addresses.find(({ type }) => type === 'SHIPPING') ?? addresses.find(({ type }) => type === 'SHIPPING_ALTERNATE')
  );
}
