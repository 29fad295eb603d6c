import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const TOPIC = 'accounts.customer.change';
const GROUP = 'orders';
const SLOW_FOR_MS = 20_000;
const SLOW_BATCH_MS = 1_500;

/**
 * Lets a bus have trouble as it comes from outside of a service: a record that nobody can apply, and a consumer that is
 * slow. Call it before the bus is used.
 * @param {import('../../src/platform/log/bus.js').Bus} bus
 */
export function troubleOn(bus) {
  let slowUntil = 0;
  const consume = bus.consume.bind(bus);
  /** @type {typeof bus.consume} */
  bus.consume = (group, handlers, ...others) =>
    consume(group, group === GROUP ? slowed(handlers) : handlers, ...others);

  /** @param {ReadonlyMap<string, import('../../src/platform/log/bus.js').RecordHandler>} handlers */
  function slowed(handlers) {
    return new Map(
      [...handlers].map(([topic, handle]) => [
        topic,
        /** @type {typeof handle} */
        async (records, lease) => {
          if (performance.now() < slowUntil) {
            await sleep(SLOW_BATCH_MS, undefined, { signal: lease.signal }).catch(() => undefined);
          }
          await handle(records, lease);
        },
      ]),
    );
  }

  return {
    /** Publishes an event of a version that no context knows; each of them sends it to its dead-letter topic. */
    poison: () => bus.publish(TOPIC, [recordOfFuture(randomUUID())]),
    /** Slows the consumer of orders down for some seconds, so that its lag grows. */
    slow: async () => {
      slowUntil = performance.now() + SLOW_FOR_MS;
    },
  };
}

/** @param {string} subject @returns {import('../../src/platform/log/bus.js').BusRecord} */
function recordOfFuture(subject) {
  const type = 'accounts.customer.changed';
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/accounts',
    type,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:schema:${type}:v99`,
    sequence: '1',
    data: {},
  };
  return { key: Buffer.from(subject), value: Buffer.from(JSON.stringify(event)), headers: {} };
}
