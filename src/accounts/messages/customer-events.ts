import { eventStream } from '../../platform/index.js';
import { customerUpcasters } from './customer-upcasters.js';

/** The events that accounts publishes: each change of a customer, with the whole customer after it. */
export const customerEvents = eventStream('accounts.customer', {
  types: { registered: 2, changed: 2, erased: 1 },
  erasing: ['erased'],
  upcasters: customerUpcasters,
  folder: new URL('./', import.meta.url),
});
