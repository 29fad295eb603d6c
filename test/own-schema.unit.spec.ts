import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import type { MessageSchema } from '../src/platform/event/message-schemas.js';
import { Process } from '../src/platform/process/process.js';
import { get, post } from './support/http.js';
import { CARD_PREFIX, customerInput } from './support/requests.js';

/** The schemas of accounts as they would be if somebody had changed the code and forgotten them. */
function withoutCities(): readonly MessageSchema[] {
  const schemas = JSON.parse(JSON.stringify(customerEvents.schemas), (name, value: unknown) =>
    name === 'city' ? { type: 'string', maxLength: 3 } : value,
  ) as readonly MessageSchema[];
  expect(schemas).not.toEqual(customerEvents.schemas);
  return schemas;
}

describe('a context whose events are not as it has published them', () => {
  const { schemas } = customerEvents;
  const lines: string[] = [];
  let process: Process;
  let customers: string;

  beforeEach(async () => {
    Object.assign(customerEvents, { schemas: withoutCities() });
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    process = new Process(parseConfig({ PORT: 0, MANAGEMENT_PORT: 0 }), CONTEXTS, inMemory(logger), logger);
    await process.start();
    await process.joined();
    customers = `http://127.0.0.1:${process.ports.port}/accounts/customers`;
  });

  afterEach(async () => {
    Object.assign(customerEvents, { schemas });
    await process.stop();
  });

  it('answers 500, saves nothing, and says in the log where the event is wrong, without a value', async () => {
    const { status, text, body } = await post(customers, customerInput('Marked'));

    expect([status, body.type]).toEqual([500, 'urn:problem:internal-error']);
    expect(text).not.toMatch(/city|schema|Marked/i);
    expect((await get(customers)).body.items).toEqual([]);
    const failures = lines.filter((line) => line.includes('request failed'));
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(
      'an event does not fit urn:schema:accounts.customer.registered:v3: /customer/addresses/0/city (maxLength)',
    );
    expect(failures[0]).not.toMatch(new RegExp(`Springfield|Marked|${CARD_PREFIX}`));
  });
});
