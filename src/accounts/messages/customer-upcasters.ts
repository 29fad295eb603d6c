import type { Upcaster, Upcasters } from '../../platform/index.js';
import type { AddressInput } from '../domain/customer.js';

interface Version1 {
  readonly customer: { readonly addresses: readonly AddressInput[] };
}

/** Version 2 states the country of every address; in version 1 an address without one was in the United States. */
const withCountries: Upcaster = (data) => {
  const { customer, ...others } = data as Version1;
  const addresses = customer.addresses.map((address) =>
    'country' in address ? address : { ...address, country: 'US' },
  );
  return { ...others, customer: { ...customer, addresses } };
};

/** How accounts reads what it published in versions before today's. */
export const customerUpcasters: Upcasters = {
  'urn:schema:accounts.customer.registered:v1': withCountries,
  'urn:schema:accounts.customer.changed:v1': withCountries,
};
