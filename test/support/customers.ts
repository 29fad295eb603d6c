import { randomUUID } from 'node:crypto';
import type { CustomerCopy } from '../../src/orders/domain/customer.js';

/** A customer as orders knows one, with an address to ship to. */
export function customerNamed(firstName: string): CustomerCopy {
  const now = '2026-01-01T00:00:00.000Z';
  return {
    id: randomUUID(),
    version: 1,
    name: { firstName, lastName: 'Lovelace' },
    contact: { email: 'ada@example.com' },
    addresses: [
      { type: 'SHIPPING', address1: '1 Main', city: 'Springfield', state: 'IL', postalCode: '62701', country: 'US' },
    ],
    createdAt: now,
    updatedAt: now,
  };
}
