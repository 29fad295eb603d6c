import { setTimeout as sleep } from 'node:timers/promises';
import { newAddress, newCustomer, newItems, newLastName, newReason, oneOf } from './people.mjs';

/** Customers and orders that are remembered, the newest: the rest has been forgotten here, not by the service. */
const MAX_REMEMBERED = 300;
/** Requests in flight, beyond which people give up. */
const MAX_IN_FLIGHT = 40;
const TIMEOUT_MS = 15_000;
/** A burst: how often it begins, how long it lasts, and how many times as many requests it has. */
const BURST = { everyMs: 90_000, lastsMs: 8_000, times: 5 };
/** After so many actions: the first time, and then each time. */
const ERASURE = { first: 60, every: 400 };
const POISON = { first: 90, every: 2_500 };
const SLOWNESS = { first: 150, every: 2_000 };

/** Problems that people cause: what they look for is gone, or was changed, or the service asks them to come again. */
const EXPECTED = new Set([404, 409, 410, 412, 422, 503]);

/** @typedef {Record<'requests' | 'registered' | 'ordered' | 'shipped' | 'cancelled' | 'erased' | 'refused', number>} Counts */

/** People who register, change, move, order, and sometimes leave. */
export class Traffic {
  /** @type {Counts} */
  counts = { requests: 0, registered: 0, ordered: 0, shipped: 0, cancelled: 0, erased: 0, refused: 0 };
  /** @type {string[]} */
  #customers = [];
  /** Orders that are neither shipped nor cancelled. @type {string[]} */
  #orders = [];
  /** @type {Set<Promise<void>>} */
  #inFlight = new Set();

  /**
   * @param {string} url
   * @param {(trouble: 'poison' | 'slow') => void} onTrouble called when it is time for trouble
   */
  constructor(url, onTrouble) {
    this.url = url;
    this.onTrouble = onTrouble;
  }

  /**
   * Makes requests until it is stopped; resolves when the last one has been answered.
   * @param {number} rate actions a second
   * @param {AbortSignal} signal
   */
  async run(rate, signal) {
    const began = performance.now();
    for (let actions = 1; !signal.aborted; actions += 1) {
      if (isTime(actions, POISON)) this.onTrouble('poison');
      if (isTime(actions, SLOWNESS)) this.onTrouble('slow');
      if (this.#inFlight.size < MAX_IN_FLIGHT) this.#begin(isTime(actions, ERASURE) ? this.#erase : this.#chosen());
      const isBurst = (performance.now() - began) % BURST.everyMs > BURST.everyMs - BURST.lastsMs;
      // Nobody comes exactly on time.
      const pause = (2_000 * Math.random()) / (isBurst ? BURST.times * rate : rate);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(this.#inFlight);
  }

  /** @param {() => Promise<unknown>} action */
  #begin(action) {
    const running = action
      .call(this)
      .catch(() => (this.counts.refused += 1))
      .then(() => void this.#inFlight.delete(running));
    this.#inFlight.add(running);
  }

  #chosen() {
    if (this.#customers.length < 5) return this.#register;
    const share = Math.random();
    if (share < 0.1) return this.#register;
    if (share < 0.18) return this.#rename;
    if (share < 0.3) return this.#move;
    if (share < 0.6) return this.#order;
    if (share < 0.78) return this.#ship;
    if (share < 0.83) return this.#cancel;
    return this.#look;
  }

  async #register() {
    const { id } = await this.#send('POST', '/accounts/customers', newCustomer());
    this.counts.registered += 1;
    remember(this.#customers, id);
  }

  #rename() {
    return this.#patch({ name: { lastName: newLastName() } });
  }

  #move() {
    return this.#patch({ addresses: [newAddress()] });
  }

  /** @param {object} change */
  #patch(change) {
    return this.#send('PATCH', `/accounts/customers/${oneOf(this.#customers)}`, change);
  }

  async #order() {
    const body = { customerId: oneOf(this.#customers), items: newItems(), minCustomerVersion: 1 };
    const { id } = await this.#send('POST', '/orders', body, { Prefer: 'wait=5' });
    this.counts.ordered += 1;
    remember(this.#orders, id);
  }

  async #ship() {
    const order = this.#orders.shift();
    if (order === undefined) return;
    await this.#send('POST', `/orders/${order}/ship`);
    this.counts.shipped += 1;
  }

  async #cancel() {
    const order = this.#orders.pop();
    if (order === undefined) return;
    await this.#send('POST', `/orders/${order}/cancel`, { reason: newReason() });
    this.counts.cancelled += 1;
  }

  async #erase() {
    const customer = this.#customers.shift();
    if (customer === undefined) return;
    await this.#send('DELETE', `/accounts/customers/${customer}`);
    this.counts.erased += 1;
  }

  #look() {
    const customer = oneOf(this.#customers);
    const paths = ['/accounts/customers?limit=20&sort=-updatedAt', '/orders?limit=20&status=PLACED'];
    paths.push(`/accounts/customers/${customer}`, `/accounts/customers/${customer}/history`);
    return this.#send('GET', oneOf([...paths, `/orders/customers/${customer}`]));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   */
  async #send(method, path, body, headers = {}) {
    const mediaType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    this.counts.requests += 1;
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body && { 'Content-Type': mediaType }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.ok) return text === '' ? {} : JSON.parse(text);
    if (!EXPECTED.has(response.status)) console.error(`${method} ${path} got ${response.status}: ${text}`);
    throw new Error(`${response.status}`);
  }
}

/** @param {number} actions @param {{ first: number, every: number }} when */
function isTime(actions, { first, every }) {
  return actions >= first && (actions - first) % every === 0;
}

/** @param {string[]} list @param {string} id */
function remember(list, id) {
  list.push(id);
  if (list.length > MAX_REMEMBERED) list.shift();
}
