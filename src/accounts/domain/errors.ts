/** One offending field: a JSON Pointer into the customer, and the rule that it breaks. Never the value. */
export interface BrokenRule {
  readonly pointer: string;
  readonly message: string;
}

/** A customer that breaks rules; it names each. */
export class InvalidCustomer extends Error {
  readonly kind = 'invalid';
  readonly code = 'invalid-customer';
  constructor(readonly errors: readonly BrokenRule[]) {
    super('the customer breaks a rule');
  }
}

/** The customer's data was erased. */
export class CustomerErased extends Error {
  readonly kind = 'gone';
  readonly code = 'customer-erased';
  constructor() {
    super('the data of this customer has been erased');
  }
}

export class CustomerNotFound extends Error {
  readonly kind = 'not-found';
  readonly code = 'customer-not-found';
  constructor() {
    super('there is no such customer');
  }
}
