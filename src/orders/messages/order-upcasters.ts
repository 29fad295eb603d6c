import type { Upcaster, Upcasters } from '../../platform/index.js';

/** In version 2 the address and the reason may be sealed; once they are opened, the data is as in version 1. */
const asItWas: Upcaster = (data) => data;

/** Upcasts events that orders published in older versions. */
export const orderUpcasters: Upcasters = Object.fromEntries(
  ['placed', 'shipped', 'cancelled', 'redacted'].map((type) => [`urn:schema:orders.order.${type}:v1`, asItWas]),
);
