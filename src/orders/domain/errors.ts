/** An invalid field: a JSON Pointer into the order, and the rule that it breaks. */
export interface BrokenRule {
  readonly pointer: string;
  readonly message: string;
}

/** The order breaks rules; `errors` lists them all. */
export class InvalidOrder extends Error {
  readonly kind = 'invalid';
  readonly code = 'invalid-order';
  constructor(readonly errors: readonly BrokenRule[]) {
    super('the order is invalid; see errors');
  }
}

export class OrderNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'order-not-found';
  constructor() {
    super('there is no such order');
  }
}

/** Orders has no copy of the requested customer. */
export class CustomerNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'customer-not-found';
  constructor() {
    super('orders has no copy of this customer');
  }
}

/** Accounts erased the customer's data. */
export class CustomerErased extends Error {
  readonly kind = 'gone';
  readonly code = 'customer-erased';
  constructor() {
    super('the data of this customer was erased');
  }
}

/** An order names a customer of whom orders has no copy, or who was erased. */
export class UnknownCustomer extends Error {
  readonly kind = 'rejected';
  readonly code = 'unknown-customer';
  readonly errors = [{ pointer: '/customerId', message: 'is not a customer that orders knows' }];
  constructor() {
    super('orders does not know this customer');
  }
}

/** The customer has no address of type SHIPPING or SHIPPING_ALTERNATE. */
export class NoShippingAddress extends Error {
  readonly kind = 'rejected';
  readonly code = 'no-shipping-address';
  constructor() {
    super('the customer has no shipping address');
  }
}

/** The order's status does not allow this change. */
export class WrongStatus extends Error {
  readonly kind = 'conflict';
  readonly code = 'wrong-status';
  constructor(status: string, wanted: string) {
    super(`the order is ${status} and cannot become ${wanted}`);
  }
}
