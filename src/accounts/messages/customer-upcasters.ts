import type { Upcaster, Upcasters } from '../../platform/index.js';
import type { AddressInput } from '../domain/customer.js';

interface Version1 {
  readonly customer: { readonly addresses: readonly AddressInput[] };
}

/** Version 2 requires a country in every address; in version 1 a missing country meant the United States. */
const withCountries: Upcaster = (data) => {
  const { customer, ...others } = data as Version1;
  const addresses = customer.addresses.map((address) =>
    'country' in address ? address : { ...address, country: 'US' },
  );
  return { ...others, customer: { ...customer, addresses } };
};

/** Upcasts events that accounts published in older versions. */
export const customerUpcasters: Upcasters = {
  'urn:schema:accounts.customer.registered:v1': withCountries,
  'urn:schema:accounts.customer.changed:v1': withCountries,
};
