/** An invalid field: a JSON Pointer into the customer, and the rule that it breaks. Never its value. */
export interface BrokenRule {
  readonly pointer: string;
  readonly message: string;
}

/** The customer breaks rules; `errors` lists them all. */
export class InvalidCustomer extends Error {
  readonly kind = 'invalid';
  readonly code = 'invalid-customer';
  constructor(readonly errors: readonly BrokenRule[]) {
    super('the customer is invalid; see errors');
  }
}

/** The customer's data was erased. */
export class CustomerErased extends Error {
  readonly kind = 'gone';
  readonly code = 'customer-erased';
  constructor() {
    super('the data of this customer was erased');
  }
}

export class CustomerNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'customer-not-found';
  constructor() {
    super('there is no such customer');
  }
}

/** There is no erasure to attest: no such customer, or it was not erased. */
export class NotErased extends Error {
  readonly kind = 'not-found';
  readonly code = 'customer-not-erased';
  constructor() {
    super('there is no erasure of such a customer');
  }
}
