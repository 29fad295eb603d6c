import { eventStream } from '../../platform/index.js';

/** The events that orders publishes: each change of an order, with the whole order after it. */
export const orderEvents = eventStream('orders.order', {
  types: { placed: 1, shipped: 1, cancelled: 1, redacted: 1 },
  erasing: ['redacted'],
  folder: new URL('./', import.meta.url),
});
