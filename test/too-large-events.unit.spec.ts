import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { Process } from '../src/platform/process/process.js';
import { get, post } from './support/http.js';
import { customerInput, orderInput } from './support/requests.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

describe('an order whose event no topic would take', () => {
  let running: Process;
  let url: string;

  beforeEach(async () => {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, HTTP_BODY_LIMIT: '4mb' });
    running = new Process(config, CONTEXTS, inMemory(silentLogger), silentLogger);
    await running.start();
    await running.joined();
    url = `http://127.0.0.1:${running.ports.port}`;
  });

  afterEach(() => running.stop());

  it('is 413 that names the limit, and the next order goes through', async () => {
    const { body: customer } = await post(`${url}/accounts/customers`, customerInput('Large'));
    const order = { ...orderInput(customer.id), minCustomerVersion: 1 };
    const placed = await post(`${url}/orders`, order, { prefer: 'wait=10' });
    expect(placed.status).toBe(201);

    const [item] = order.items;
    const items = Array.from({ length: 200 }, (_, index) => ({
      ...item!,
      product: { ...item!.product, id: `p-${index}`, description: '…'.repeat(2_000) },
    }));
    const refused = await post(`${url}/orders`, { ...order, items });
    expect({ status: refused.status, body: refused.body }).toMatchObject({
      status: 413,
      body: {
        type: 'urn:problem:event-too-large',
        detail: expect.stringMatching(
          /^the event of this change has 12\d{5} bytes, and orders\.order\.change takes 1047564 /,
        ),
      },
    });

    expect((await post(`${url}/orders`, order)).status).toBe(201);
    expect((await get(`${url}/orders?customerId=${customer.id}`)).body.items).toHaveLength(2);
  });
});
