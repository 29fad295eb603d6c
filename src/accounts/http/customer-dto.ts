/** @example { "title": "Ms", "firstName": "Ada", "lastName": "Lovelace" } */
export interface NameDto {
  /** @maxLength 50 */
  title?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  firstName: string;
  /** @maxLength 100 */
  middleName?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  lastName: string;
  /** @maxLength 50 */
  suffix?: string;
}

/** @example { "email": "ada@example.com", "primaryPhone": "+1 202 555 0100" } */
export interface ContactDto {
  /**
   * @maxLength 254
   * @pattern ^[^\s@]+@[^\s@]+$
   */
  email: string;
  /** @maxLength 50 */
  primaryPhone?: string;
  /** @maxLength 50 */
  secondaryPhone?: string;
}

export type AddressTypeDto = 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';

/** At most one of each type. */
export interface AddressInputDto {
  type: AddressTypeDto;
  /** @maxLength 200 */
  description?: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  address1: string;
  /** @maxLength 200 */
  address2?: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  city: string;
  /**
   * @minLength 1
   * @maxLength 100
   */
  state: string;
  /**
   * @minLength 1
   * @maxLength 20
   */
  postalCode: string;
  /**
   * ISO 3166-1 alpha-2; US when not given.
   * @pattern ^[A-Z]{2}$
   */
  country?: string;
}

export interface AddressDto extends AddressInputDto {
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export type CardTypeDto = 'PRIMARY' | 'ALTERNATE';

/**
 * At most one of each type. A new card needs its `number`, which is checked and then dropped; a card that is held
 * already may be sent back as it was read.
 */
export interface CreditCardInputDto {
  type: CardTypeDto;
  /** @maxLength 200 */
  description?: string;
  /**
   * 12 to 19 digits with a Luhn check digit, perhaps with blanks or dashes between.
   * @maxLength 40
   * @pattern ^[-\x20]*([0-9][-\x20]*){12,19}$
   */
  number?: string;
  /** @maxLength 20 */
  brand?: string;
  /** @pattern ^[0-9]{4}$ */
  last4?: string;
  /**
   * MM/YY
   * @pattern ^(0[1-9]|1[0-2])/[0-9]{2}$
   */
  expiration: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  nameOnCard: string;
}

export interface CreditCardDto {
  type: CardTypeDto;
  description?: string;
  brand: string;
  last4: string;
  /** MM/YY */
  expiration: string;
  nameOnCard: string;
}

/**
 * A customer as a client states it.
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
export interface CustomerInputDto {
  name: NameDto;
  contact: ContactDto;
  /** @maxItems 3 */
  addresses: AddressInputDto[];
  /** @maxItems 2 */
  creditCards?: CreditCardInputDto[];
}

/** null removes. */
export interface NamePatchDto {
  /** @maxLength 50 */
  title?: string | null;
  /**
   * @minLength 1
   * @maxLength 100
   */
  firstName?: string;
  /** @maxLength 100 */
  middleName?: string | null;
  /**
   * @minLength 1
   * @maxLength 100
   */
  lastName?: string;
  /** @maxLength 50 */
  suffix?: string | null;
}

/** null removes. */
export interface ContactPatchDto {
  /**
   * @maxLength 254
   * @pattern ^[^\s@]+@[^\s@]+$
   */
  email?: string;
  /** @maxLength 50 */
  primaryPhone?: string | null;
  /** @maxLength 50 */
  secondaryPhone?: string | null;
}

/**
 * JSON Merge Patch (RFC 7396) of a customer: an array replaces the array, null removes.
 * @example { "name": { "lastName": "King", "title": null }, "contact": { "email": "ada.king@example.com" } }
 */
export interface CustomerPatchDto {
  name?: NamePatchDto;
  contact?: ContactPatchDto;
  /** @maxItems 3 */
  addresses?: AddressInputDto[];
  /** @maxItems 2 */
  creditCards?: CreditCardInputDto[] | null;
}

/** A page of customers. */
export interface CustomerPageDto {
  items: CustomerDto[];
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}

export interface CustomerDto {
  id: string;
  /**
   * 1, 2, 3 ... Also the `ETag`.
   * @isInt
   */
  version: number;
  name: NameDto;
  contact: ContactDto;
  addresses: AddressDto[];
  creditCards?: CreditCardDto[];
  /**
   * RFC 3339
   * @format date-time
   */
  createdAt: string;
  /**
   * RFC 3339
   * @format date-time
   */
  updatedAt: string;
}
