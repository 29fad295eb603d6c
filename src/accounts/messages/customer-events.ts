import { eventStream } from '../../platform/index.js';
import { customerUpcasters } from './customer-upcasters.js';

/** The events that accounts publishes: each change of a customer, with the whole customer after it. */
export const customerEvents = eventStream('accounts.customer', {
  types: { registered: 3, changed: 3, erased: 1 },
  keys: 'accounts.customer.keys',
  erasing: ['erased'],
  upcasters: customerUpcasters,
  folder: new URL('./', import.meta.url),
});
