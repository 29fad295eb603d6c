import type { CreditCardInput } from '../domain/card.js';
import type { AddressInput, Customer } from '../domain/customer.js';

/** Changes of a name; `null` removes a field. */
export interface NamePatch {
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

/** Changes of the contact data; `null` removes a field. */
export interface ContactPatch {
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
 * JSON Merge Patch (RFC 7396) of a customer. An array is replaced as a whole; `null` removes a field.
 * @example { "name": { "lastName": "King", "title": null }, "contact": { "email": "ada.king@example.com" } }
 */
export interface CustomerPatch {
  name?: NamePatch;
  contact?: ContactPatch;
  /** @maxItems 3 */
  addresses?: AddressInput[];
  /** @maxItems 2 */
  creditCards?: CreditCardInput[] | null;
}

/** A page of customers. */
export interface CustomerPage {
  /** @maxItems 200 */
  items: Customer[];
  /**
   * The `cursor` of the next page; absent on the last page.
   * @format base64url
   * @maxLength 4000
   */
  next?: string;
}
