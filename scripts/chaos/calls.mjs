import { setTimeout as sleep } from 'node:timers/promises';
import { Gateway, pauseAfter } from './client.mjs';
import { customerContent, orderContent } from './facts.mjs';
import { randomFrom } from './random.mjs';
import { orderFor, patchOf, registration } from './requests.mjs';

/** @typedef {import('./facts.mjs').Call} Call */
/** @typedef {import('./client.mjs').Answer} Answer */
/** @typedef {import('./instances.mjs').Module} Module */
/** @typedef {keyof typeof import('./facts.mjs').CUSTOMER_FIELDS} Field */

/** How long the same idempotent request is tried again. */
const PERSISTENCE_MS = 90_000;
/** For which a read waits for a version. */
const WAIT = { prefer: 'wait=3' };

let markers = 0;

/** What one client can ask for. Every try is recorded. */
export class Calls {
  /**
   * @param {number} number of the client
   * @param {import('./recorder.mjs').Recorder} recorder
   * @param {(module: Module) => readonly string[]} urls
   * @param {number} seed
   */
  constructor(number, recorder, urls, seed) {
    this.number = number;
    this.recorder = recorder;
    this.random = randomFrom(seed * 1_000 + number);
    const gateway = (/** @type {Module} */ module) => new Gateway(() => urls(module), this.random.next);
    this.gateways = { accounts: gateway('accounts'), orders: gateway('orders') };
  }

  /** Text that nothing else has. */
  newMarker() {
    markers += 1;
    return `M${markers}`;
  }

  register() {
    const marker = this.newMarker();
    return this.#create('accounts', '/accounts/customers', registration(marker), { kind: 'register', marker });
  }

  /**
   * @param {string} id @param {Field} field @param {string} value that ends in the marker @param {string} marker
   * @param {number | undefined} expected version
   */
  async patch(id, field, value, marker, expected) {
    /** @type {Record<string, string>} */
    const headers = expected === undefined ? {} : { 'if-match': `"${expected}"` };
    const path = `/accounts/customers/${id}`;
    const answer = await this.gateways.accounts.send('PATCH', path, { body: patchOf(field, value), headers });
    const call = { kind: /** @type {const} */ ('patch'), id, marker, field };
    this.#record(answer, { ...call, ...(expected !== undefined && { expected }) });
    return answer;
  }

  /** @param {string} id */
  async read(id) {
    const answer = await this.gateways.accounts.send('GET', `/accounts/customers/${id}`);
    this.#record(answer, { kind: 'read', id });
    return answer;
  }

  /** Reads orders' copy of a customer. @param {string} id @param {number} [minVersion] */
  async readCopy(id, minVersion) {
    const insists = minVersion !== undefined;
    const path = `/orders/customers/${id}?limit=1${insists ? `&minVersion=${minVersion}` : ''}`;
    const answer = await this.gateways.orders.send('GET', path, { headers: insists ? WAIT : {} });
    this.#record(answer, { kind: 'read-copy', id, ...(insists && { minVersion }) });
    return answer;
  }

  /** @param {string} id */
  async erase(id) {
    const answer = await this.gateways.accounts.send('DELETE', `/accounts/customers/${id}`);
    this.#record(answer, { kind: 'erase', id });
    return answer;
  }

  /** @param {string} customerId @param {number} [minVersion] of the customer */
  place(customerId, minVersion) {
    const marker = this.newMarker();
    const insists = minVersion !== undefined;
    const order = orderFor(customerId, marker, this.random.integer(1, 9));
    const body = { ...order, ...(insists && { minCustomerVersion: minVersion }) };
    return this.#create('orders', '/orders', body, { kind: 'place', marker }, insists ? WAIT : {});
  }

  /** @param {string} id */
  async readOrder(id) {
    const answer = await this.gateways.orders.send('GET', `/orders/${id}`);
    this.#record(answer, { kind: 'read-order', id });
    return answer;
  }

  /** @param {string} id */
  async ship(id) {
    const answer = await this.gateways.orders.send('POST', `/orders/${id}/ship`);
    this.#record(answer, { kind: 'ship', id });
    return answer;
  }

  /** @param {string} id */
  async cancel(id) {
    const marker = this.newMarker();
    const answer = await this.gateways.orders.send('POST', `/orders/${id}/cancel`, { body: { reason: marker } });
    this.#record(answer, { kind: 'cancel', id, marker });
    return answer;
  }

  /**
   * Every other creation has an idempotency key and is sent until it is answered, to any instance.
   * @param {Module} module @param {string} path @param {object} body @param {Pick<Call, 'kind' | 'marker'>} call
   * @param {Record<string, string>} [headers]
   * @returns {Promise<Answer>}
   */
  async #create(module, path, body, call, headers = {}) {
    const persists = this.random.chance(0.5);
    const sent = { body, headers: { ...headers, ...(persists && { 'idempotency-key': `key-${call.marker}` }) } };
    for (const deadline = performance.now() + PERSISTENCE_MS; ;) {
      const answer = await this.gateways[module].send('POST', path, sent);
      this.#record(answer, { ...call, ...(answer.status === 201 && { id: String(answer.body.id) }) });
      const isOpen = answer.status === 0 || answer.status >= 500 || answer.status === 409;
      if (!persists || !isOpen || performance.now() > deadline) return answer;
      await sleep(pauseAfter(answer, this.random.next));
    }
  }

  /** @param {Answer} answer @param {Pick<Call, 'kind'> & Partial<Call>} call */
  #record({ status, body, failure, start, end }, call) {
    const isDone = status >= 200 && status < 300;
    const outcome = isDone ? 'done' : status === 0 || status >= 500 ? 'unknown' : 'refused';
    const problem = isDone ? undefined : (failure ?? body?.type);
    const content = isDone ? contentOf(call.kind, body) : undefined;
    this.recorder.record({
      ...{ client: this.number, ...call, start, end, outcome, status },
      ...(problem !== undefined && { problem: String(problem) }),
      ...(content && { content }),
    });
  }
}

/** @param {Call['kind']} kind @param {any} body */
function contentOf(kind, body) {
  if (kind === 'erase') return undefined;
  if (kind === 'read-copy') return { ...customerContent(body.customer), version: body.customerVersion };
  return ['register', 'patch', 'read'].includes(kind) ? customerContent(body) : orderContent(body);
}
