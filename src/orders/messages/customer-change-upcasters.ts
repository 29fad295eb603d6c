import type { Upcaster, Upcasters } from '../../platform/index.js';
import type { CustomerAddress } from '../domain/customer.js';

interface Version1 {
  readonly customer: {
    readonly addresses: readonly (Omit<CustomerAddress, 'country'> & { readonly country?: string })[];
  };
}

/** Events from before the country was always stated meant the United States. */
const inTheUnitedStates: Upcaster = (data) => {
  const { customer } = data as Version1;
  const addresses = customer.addresses.map((address) =>
    'country' in address ? address : { ...address, country: 'US' },
  );
  return { customer: { ...customer, addresses } };
};

/** How orders reads a customer's change in versions before the one that its own reading is written for. */
export const customerChangeUpcasters: Upcasters = {
  'urn:schema:accounts.customer.registered:v1': inTheUnitedStates,
  'urn:schema:accounts.customer.changed:v1': inTheUnitedStates,
};
