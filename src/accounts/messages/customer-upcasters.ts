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

/** In version 3 the personal members may be sealed; once they are opened, the data is as in version 2. */
const asItWas: Upcaster = (data) => data;

/** Upcasts events that accounts published in older versions. */
export const customerUpcasters: Upcasters = {
  'urn:schema:accounts.customer.registered:v1': withCountries,
  'urn:schema:accounts.customer.changed:v1': withCountries,
  'urn:schema:accounts.customer.registered:v2': asItWas,
  'urn:schema:accounts.customer.changed:v2': asItWas,
};
