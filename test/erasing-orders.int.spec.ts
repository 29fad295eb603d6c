import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { RedactOrdersOnCustomerErased } from '../src/orders/app/redact-orders-on-customer-erased.js';
import { placeOrder } from '../src/orders/domain/order.js';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import { recordsBehind } from '../src/platform/log/bus.js';
import type { Heartbeat } from '../src/platform/log/lease.js';
import type { ListQuery } from '../src/platform/views/listing.js';
import { customerNamed } from './support/customers.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { portsOfOrders } from './support/ports.js';
import { mongoTestDatabase } from '../src/platform/testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
import { record } from '../src/platform/testing/recorder.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

const SESSION = 6_000;
const ORDERS = 1_500;
/** Milliseconds that the slow database takes for a page. */
const PAUSE = 2_500;

describeWithRealServers('on a real Kafka and a real MongoDB', () => {
  it('an erasure that takes longer than a session is left to the member that is at it, and gets done', async () => {
    const database = mongoTestDatabase();
    const adapters = portsOfOrders(await database.open());
    await adapters.prepare();
    const customer = customerNamed('Ada');
    const ids = await place(adapters, customer, ORDERS);
    const client = { clientId: 'erasing-orders-test', brokers: [realServers().kafka] };
    const bus = await KafkaBus.open({ client, partitions: 6, sessionTimeout: SESSION }, silentLogger);
    const [topic, group] = [`topic-${randomUUID()}`, `group-${randomUUID()}`];
    await bus.createTopics([topic]);
    const orderList = {
      page: async (query: ListQuery) => {
        await sleep(PAUSE);
        return adapters.orderList.page(query);
      },
    };
    const redact = new RedactOrdersOnCustomerErased(adapters.orders, orderList);
    const erased = { id: customer.id, version: 2, erased: true as const };
    let began: number | undefined;
    let took = 0;
    let atWork = 0;
    let mostAtWork = 0;
    const react = async (_records: unknown, lease: Heartbeat) => {
      began ??= performance.now();
      mostAtWork = Math.max(mostAtWork, (atWork += 1));
      await redact.execute(erased, lease).finally(() => (atWork -= 1));
      took = performance.now() - began;
    };
    const consume = () => bus.consume(group, new Map([[topic, react]]));
    const members = [await consume(), await consume()];
    try {
      await bus.publish(topic, [record(customer.id, 'erased')]);
      await eventually(async () => expect(recordsBehind(await bus.consumerLag(group, topic))).toBe(0), {
        within: 90_000,
        every: 500,
      });

      expect(took).toBeGreaterThan(SESSION);
      expect(mostAtWork).toBe(1);
      const stored = await Promise.all(ids.map((id) => adapters.orders.find(id)));
      expect(new Set(stored.map((each) => each?.state.version))).toEqual(new Set([2]));
    } finally {
      await Promise.all(members.map((member) => member.stop()));
      await bus.close();
      await database.drop();
    }
  }, 180_000);
});

async function place(
  { orders }: ReturnType<typeof portsOfOrders>,
  customer: ReturnType<typeof customerNamed>,
  count: number,
): Promise<string[]> {
  const lines = [{ product: { id: 'p', title: 't', price: { amount: '1', currency: 'USD' } }, quantity: 1 }];
  const ids = Array.from({ length: count }, () => randomUUID());
  await Promise.all(
    ids.map((id, index) => {
      const now = new Date(Date.UTC(2026, 0, 1) + index).toISOString();
      const change = placeOrder(id, customer, lines, now);
      return orders.save(undefined, { ...change, commands: [] });
    }),
  );
  return ids;
}
