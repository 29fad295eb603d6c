import { eventStream } from '../../platform/index.js';
import { CUSTOMER_KEYS } from './customer-changes.js';
import { orderUpcasters } from './order-upcasters.js';

/** The events that orders publishes: each change of an order, with the whole order after it. */
export const orderEvents = eventStream('orders.order', {
  types: { placed: 2, shipped: 2, cancelled: 2, redacted: 2 },
  keys: CUSTOMER_KEYS,
  upcasters: orderUpcasters,
  erasing: ['redacted'],
  folder: new URL('./', import.meta.url),
});
