import { readMessageFiles } from '../../platform/async-api/event-api.js';
import type { EventStream } from '../../platform/event/cloud-event.js';

/** What accounts publishes: each change of a customer, with the whole customer after it. */
export const customerEvents: EventStream = {
  topic: 'accounts.customer.change',
  source: '/accounts',
  typePrefix: 'accounts.customer',
  schemaVersions: { registered: 2, changed: 2, erased: 1 },
  schemas: readMessageFiles(new URL('./', import.meta.url)).schemas,
};
