import { readMessageFiles } from '../../platform/async-api/event-api.js';
import type { EventStream } from '../../platform/event/cloud-event.js';

/** What orders publishes: each change of an order, with the whole order after it. */
export const orderEvents: EventStream = {
  topic: 'orders.order.change',
  source: '/orders',
  typePrefix: 'orders.order',
  schemaVersions: { placed: 1, shipped: 1, cancelled: 1, redacted: 1 },
  schemas: readMessageFiles(new URL('./', import.meta.url)).schemas,
};
