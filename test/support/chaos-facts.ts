import {
  type Call,
  type Content,
  customerContent,
  type LogEvent,
  orderContent,
  type Stores,
} from '../../scripts/chaos/facts.mjs';

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

/** What a run recorded and read back, of which a test alters something. */
export interface Facts {
  calls: Call[];
  events: LogEvent[];
  stores: { -readonly [Member in keyof Stores]: Mutable<Stores[Member][number]>[] };
}

const CUSTOMER = 'customer-1';
const ORDER = 'order-1';
const TOPICS = { customer: 'accounts.customer.change', order: 'orders.order.change' };

export const stateOf = (version: number, name: object, contact: object = {}) => ({
  ...{ id: CUSTOMER, version, createdAt: 'T1', updatedAt: `T${version}` },
  name: { firstName: 'Ada', lastName: 'M1', ...name },
  contact: { email: 'm1@example.com', ...contact },
  addresses: [{ type: 'SHIPPING', city: 'Springfield' }],
  creditCards: [{ type: 'PRIMARY', last4: '1111' }],
});

const orderOf = (version: number, more: object) => ({
  ...{ id: ORDER, version, customerId: CUSTOMER, items: [{ product: { id: 'M5' }, quantity: 1 }], total: {} },
  ...{ createdAt: 'T1', updatedAt: `T${version}`, ...more },
});

/**
 * One customer: registered, title M2 without and then a counter of 1 (M3) and 2 (M4) with `If-Match`; and one order (M5)
 * that is shipped. All is as it should be.
 */
export function goodFacts(): Facts {
  const customer = [
    stateOf(1, {}),
    stateOf(2, { title: 'M2' }),
    stateOf(3, { title: 'M2' }, { secondaryPhone: '1-M3' }),
    stateOf(4, { title: 'M2' }, { secondaryPhone: '2-M4' }),
  ].map(customerContent);
  const order = [orderOf(1, { status: 'PLACED' }), orderOf(2, { status: 'SHIPPED', shipTo: {} })].map(orderContent);
  const [first, second, third, fourth] = customer as [Content, Content, Content, Content];
  const [placed, shipped] = order as [Content, Content];
  const about = { id: CUSTOMER };
  const calls = [
    done('register', 0, { ...about, status: 201, marker: 'M1', content: first }),
    done('patch', 10, { ...about, marker: 'M2', field: 'title', content: second }),
    done('read', 20, { ...about, content: second }),
    done('patch', 30, { ...about, marker: 'M3', field: 'counter', expected: 2, content: third }),
    done('patch', 40, { ...about, marker: 'M4', field: 'counter', expected: 3, content: fourth }),
    done('read-copy', 50, { ...about, minVersion: 4, content: { ...fourth, digest: String(fourth.copy) } }),
    done('place', 60, { id: ORDER, status: 201, marker: 'M5', content: placed }),
    done('ship', 70, { id: ORDER, content: shipped }),
  ];
  const events = [
    ...customer.map((content) => eventOf('customer', CUSTOMER, content)),
    ...order.map((content) => eventOf('order', ORDER, content)),
  ];
  return { calls, events, stores: storesOf(events) };
}

/** Of the calls from the time `start` on, each takes five milliseconds. */
export function done(kind: Call['kind'], start: number, more: Partial<Call>): Call {
  return { client: Math.round(start / 10), kind, start, end: start + 5, outcome: 'done', status: 200, ...more };
}

export function eventOf(kind: LogEvent['kind'], id: string, content: Content, more: Partial<LogEvent> = {}): LogEvent {
  const { version } = content;
  return {
    ...{ kind, topic: TOPICS[kind], id, content, partition: 3, offset: version * 10, isWhole: true },
    type: content.erased === true ? 'erased' : version === 1 ? 'registered' : 'changed',
    eventId: `${id}-${version}`,
    hash: `hash-${id}-${version}`,
    prevhash: version === 1 ? undefined : `hash-${id}-${version - 1}`,
    ...more,
  };
}

/** All that follows from the log. */
export function storesOf(events: readonly LogEvent[]): Facts['stores'] {
  const heads = new Map(events.map((event) => [event.id, event]));
  const stored = (kind: LogEvent['kind']) =>
    [...heads.values()].flatMap((event) =>
      event.kind === kind ? [{ id: event.id, content: event.content, hash: event.hash, pending: 0 }] : [],
    );
  const recorded = (kind: LogEvent['kind']) =>
    events.flatMap(({ id, content, eventId, hash, partition, offset, ...event }) =>
      event.kind === kind
        ? [
            {
              ...{ id, version: content.version, eventId, hash, partition, offset },
              digest: undefined,
              personal: false,
            },
          ]
        : [],
    );
  return {
    customers: stored('customer'),
    orders: stored('order'),
    copies: stored('customer').map(({ id, content: { version, copy, erased } }) => ({
      ...{ id, version, digest: String(copy), erased: erased === true },
    })),
    customerHistory: recorded('customer'),
    orderHistory: recorded('order'),
  };
}
