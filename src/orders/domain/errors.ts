/** One offending field: a JSON Pointer into the order, and the rule that it breaks. */
export interface BrokenRule {
  readonly pointer: string;
  readonly message: string;
}

/** An order that breaks rules; it names each. */
export class InvalidOrder extends Error {
  readonly kind = 'invalid';
  readonly code = 'invalid-order';
  constructor(readonly errors: readonly BrokenRule[]) {
    super('the order breaks a rule');
  }
}

export class OrderNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'order-not-found';
  constructor() {
    super('there is no such order');
  }
}

/** Orders holds no copy of the customer who is asked for. */
export class CustomerNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'customer-not-found';
  constructor() {
    super('orders knows no such customer');
  }
}

/** The owner of the customer erased the data. */
export class CustomerErased extends Error {
  readonly kind = 'gone';
  readonly code = 'customer-erased';
  constructor() {
    super('the data of this customer has been erased');
  }
}

/** An order names a customer of whom orders holds no copy. */
export class UnknownCustomer extends Error {
  readonly kind = 'rejected';
  readonly code = 'unknown-customer';
  readonly errors = [{ pointer: '/customerId', message: 'names no customer that orders knows' }];
  constructor() {
    super('orders knows no such customer');
  }
}

/** The customer has no address that an order could go to. */
export class NoShippingAddress extends Error {
  readonly kind = 'rejected';
  readonly code = 'no-shipping-address';
  constructor() {
    super('the customer has no shipping address');
  }
}

/** The order's status does not allow it. */
export class WrongStatus extends Error {
  readonly kind = 'conflict';
  readonly code = 'wrong-status';
  constructor(status: string, wanted: string) {
    super(`an order that is ${status} cannot become ${wanted}`);
  }
}
