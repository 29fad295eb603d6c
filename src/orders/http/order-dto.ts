/** @example { "amount": "19.99", "currency": "USD" } */
export interface MoneyDto {
  /**
   * An exact decimal.
   * @pattern ^(0|[1-9][0-9]{0,11})([.][0-9]{1,4})?$
   */
  amount: string;
  /**
   * ISO 4217
   * @pattern ^[A-Z]{3}$
   */
  currency: string;
}

export interface ProductDto {
  /**
   * @minLength 1
   * @maxLength 100
   */
  id: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  title: string;
  /** @maxLength 2000 */
  description?: string;
  price: MoneyDto;
}

export interface OrderItemDto {
  product: ProductDto;
  /**
   * @isInt
   * @minimum 1
   * @maximum 1000000
   */
  quantity: number;
}

/**
 * @example {
 *   "customerId": "01a20699-0298-778c-90c1-07a39812d871",
 *   "items": [
 *     {
 *       "product": { "id": "p-1", "title": "Notebook", "price": { "amount": "19.99", "currency": "USD" } },
 *       "quantity": 2
 *     }
 *   ]
 * }
 */
export interface OrderInputDto {
  /**
   * @minLength 1
   * @maxLength 100
   */
  customerId: string;
  /**
   * All in one currency.
   * @minItems 1
   * @maxItems 200
   */
  items: OrderItemDto[];
  /**
   * The version of the customer that orders must have heard of; see `Prefer`.
   * @isInt
   * @minimum 1
   * @maximum 999999999999
   */
  minCustomerVersion?: number;
}

export interface TotalDto {
  /** An exact decimal. */
  amount: string;
  /** ISO 4217 */
  currency: string;
}

/** The address that the order went to. */
export interface ShipToDto {
  type: 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';
  description?: string;
  address1: string;
  address2?: string;
  city: string;
  state: string;
  postalCode: string;
  country: string;
  /**
   * The version of the customer that had it.
   * @isInt
   */
  customerVersion: number;
}

/** @example { "reason": "ordered twice" } */
export interface CancellationDto {
  /** @maxLength 500 */
  reason?: string;
}

export type OrderStatusDto = 'PLACED' | 'SHIPPED' | 'CANCELLED';

export interface OrderDto {
  id: string;
  /**
   * 1, 2, 3 ... Also the `ETag`.
   * @isInt
   */
  version: number;
  customerId: string;
  status: OrderStatusDto;
  items: OrderItemDto[];
  total: TotalDto;
  shipTo?: ShipToDto;
  cancelReason?: string;
  /**
   * When the customer's personal data was taken out, because the customer was erased (RFC 3339).
   * @format date-time
   */
  redactedAt?: string;
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

/** A page of orders. */
export interface OrderPageDto {
  items: OrderDto[];
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}

/** A customer's address as orders knows it. */
export interface CustomerAddressDto {
  type: 'BILLING' | 'SHIPPING' | 'SHIPPING_ALTERNATE';
  description?: string;
  address1: string;
  address2?: string;
  city: string;
  state: string;
  postalCode: string;
  country: string;
}

export interface CustomerNameDto {
  title?: string;
  firstName: string;
  middleName?: string;
  lastName: string;
  suffix?: string;
}

export interface CustomerContactDto {
  email: string;
  primaryPhone?: string;
  secondaryPhone?: string;
}

/** Orders' own copy of a customer. */
export interface CustomerCopyDto {
  id: string;
  /** @isInt */
  version: number;
  name: CustomerNameDto;
  contact: CustomerContactDto;
  addresses: CustomerAddressDto[];
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

export interface CustomerWithOrdersDto {
  customer: CustomerCopyDto;
  /**
   * The version of the customer that the copy is of.
   * @isInt
   */
  customerVersion: number;
  /** Newest first. */
  orders: OrderDto[];
  /** The `cursor` of the next page, when there is one. */
  next?: string;
}
