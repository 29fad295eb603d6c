// tsoa copies the comments on these shapes into the OpenAPI document.

/** An address in orders' copy of a customer. */
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
  /** @format uuid */
  readonly id: string;
  /**
   * @isLong
   * @minimum 1
   */
  readonly version: number;
  readonly name: CustomerName;
  readonly contact: CustomerContact;
  /** @maxItems 3 */
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

/** A customer after an erasure. */
export interface ErasedCustomer {
  readonly id: string;
  readonly version: number;
  readonly erased: true;
}

/** The state of orders' copy of a customer. */
export type CustomerRecord = CustomerCopy | ErasedCustomer;

/** Returns the shipping address, otherwise the alternate one, otherwise undefined. */
export function shippingAddressOf(customer: CustomerRecord): CustomerAddress | undefined {
  if ('erased' in customer) return undefined;
  const { addresses } = customer;
  return (
    addresses.find(({ type }) => type === 'SHIPPING') ?? addresses.find(({ type }) => type === 'SHIPPING_ALTERNATE')
  );
}
