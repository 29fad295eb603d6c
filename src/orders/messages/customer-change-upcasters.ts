import type { Upcaster, Upcasters } from '../../platform/index.js';
import type { CustomerAddress } from '../domain/customer.js';

interface Version1 {
  readonly customer: {
    readonly addresses: readonly (Omit<CustomerAddress, 'country'> & { readonly country?: string })[];
  };
}

/** Version 2 requires a country in every address; in version 1 a missing country meant the United States. */
const inTheUnitedStates: Upcaster = (data) => {
  const { customer } = data as Version1;
  const addresses = customer.addresses.map((address) =>
    'country' in address ? address : { ...address, country: 'US' },
  );
  return { customer: { ...customer, addresses } };
};

/** In version 3 the personal members may be sealed; once they are opened, the data is as in version 2. */
const asItWas: Upcaster = (data) => data;

/** Upcasts older versions of a customer's change to the versions that `readCustomerChange` reads. */
export const customerChangeUpcasters: Upcasters = {
  'urn:schema:accounts.customer.registered:v1': inTheUnitedStates,
  'urn:schema:accounts.customer.changed:v1': inTheUnitedStates,
  'urn:schema:accounts.customer.registered:v2': asItWas,
  'urn:schema:accounts.customer.changed:v2': asItWas,
};
