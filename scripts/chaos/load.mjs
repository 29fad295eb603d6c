import { setTimeout as sleep } from 'node:timers/promises';
import { Calls } from './calls.mjs';

/** @typedef {import('./client.mjs').Answer} Answer */
/** @typedef {import('./instances.mjs').Module} Module */

const ACTIVE_CUSTOMERS = 24;
/** Milliseconds. The clients act at the same moments, so that even a small load makes batches of many aggregates. */
const TICK = 200;
/** Calls about one customer, at most: the linearizability of longer histories takes longer to check. */
const CALLS_EACH = 500;
/** Of customers who have had their calls, this share is erased. */
const ERASED = 0.5;
/** How often a counter is read again that somebody else has incremented. */
const TRIES = 4;
const PATCHED = /** @type {const} */ (['title', 'middleName', 'suffix', 'primaryPhone']);

/**
 * @typedef {object} Customer as the clients know one
 * @property {string} id
 * @property {number} version newest that one of them has seen
 * @property {number} calls
 */

/** Concurrent clients that act on the same few customers and orders. */
export class Load {
  /** @type {Customer[]} */
  #customers = [];
  /** @type {string[]} orders that may be shipped or cancelled */
  #open = [];
  #isPaused = true;
  #isStopping = false;
  #busy = 0;
  /** @type {Promise<unknown>} */
  #running;

  /**
   * @param {import('./recorder.mjs').Recorder} recorder
   * @param {(module: Module) => readonly string[]} urls
   * @param {{ clients: number, seed: number }} options
   */
  constructor(recorder, urls, { clients, seed }) {
    this.recorder = recorder;
    this.newClient = (/** @type {number} */ number, from = urls) => new Calls(number, recorder, from, seed);
    this.prober = this.newClient(clients);
    this.#running = Promise.all(Array.from({ length: clients }, (_, number) => this.#run(this.newClient(number))));
  }

  resume() {
    this.#isPaused = false;
  }

  /** Resolves when no request is open. */
  async pause() {
    this.#isPaused = true;
    while (this.#busy > 0) await sleep(20);
  }

  async stop() {
    this.#isStopping = true;
    await this.#running;
  }

  /** Whether, just now, both modules do what they are asked, and the one hears of the other. */
  async isServed() {
    const registered = await this.prober.register();
    if (registered.status !== 201) return false;
    const { id } = registered.body;
    return (await this.prober.readCopy(id, 1)).status === 200 && (await this.prober.place(id, 1)).status === 201;
  }

  /** Reads every customer and order that was acknowledged. @param {Module | 'all'} module of the instance @param {string} url */
  async readAll(module, url) {
    const created = this.recorder.calls.filter(({ status, kind }) => status === 201 && kind !== 'patch');
    const reader = this.newClient(this.prober.number + 1, () => [url]);
    const waiting = created.map(({ kind, id = '' }) => ({ isCustomer: kind === 'register', id }));
    const read = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        if (next.isCustomer && module === 'accounts') await reader.read(next.id);
        if (next.isCustomer && module === 'orders') await reader.readCopy(next.id);
        if (!next.isCustomer && module === 'orders') await reader.readOrder(next.id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, read));
  }

  /** @param {Calls} client */
  async #run(client) {
    while (!this.#isStopping) {
      if (this.#isPaused) {
        await sleep(20);
        continue;
      }
      this.#busy += 1;
      const { status } = await this.#act(client);
      this.#busy -= 1;
      const hasFailed = status === 0 || status >= 500;
      await sleep(TICK - (performance.now() % TICK) + (hasFailed ? 2 * TICK : 0));
    }
  }

  /** @param {Calls} client @returns {Promise<Answer>} the last one */
  async #act(client) {
    const { random } = client;
    const mayRegister = this.#customers.length < ACTIVE_CUSTOMERS && random.chance(0.3);
    if (mayRegister || this.#customers.length === 0) return this.#register(client);
    // Two of them more often than others, so that several changes of one are on their way at once.
    const customer = random.pick(random.chance(0.3) ? this.#customers.slice(0, 2) : this.#customers);
    customer.calls += 1;
    if (customer.calls > CALLS_EACH) return this.#retire(client, customer);
    const dice = random.next();
    if (dice < 0.28) return this.#patch(client, customer);
    if (dice < 0.43) return this.#increment(client, customer);
    if (dice < 0.58) return this.#read(client, customer);
    if (dice < 0.68) return client.readCopy(customer.id, random.chance(0.5) ? customer.version : undefined);
    if (dice < 0.85 || this.#open.length === 0) return this.#place(client, customer);
    return this.#finish(client);
  }

  /** @param {Calls} client */
  async #register(client) {
    const answer = await client.register();
    if (answer.status === 201) this.#customers.push({ id: answer.body.id, version: 1, calls: 0 });
    return answer;
  }

  /** @param {Calls} client @param {Customer} customer */
  async #patch(client, customer) {
    const { random } = client;
    const [field, marker] = [random.pick(PATCHED), client.newMarker()];
    const expected = random.chance(0.3) ? customer.version : undefined;
    return seen(customer, await client.patch(customer.id, field, marker, marker, expected));
  }

  /** Reads a counter and writes it back one higher. @param {Calls} client @param {Customer} customer */
  async #increment(client, customer) {
    for (let tries = 1; ; tries += 1) {
      const read = await this.#read(client, customer);
      if (read.status !== 200) return read;
      const count = Number.parseInt(read.body.contact.secondaryPhone ?? '0', 10);
      const marker = client.newMarker();
      const value = `${count + 1}-${marker}`;
      const answer = seen(customer, await client.patch(customer.id, 'counter', value, marker, read.body.version));
      if (answer.status !== 412 || tries === TRIES) return answer;
    }
  }

  /** @param {Calls} client @param {Customer} customer */
  async #read(client, customer) {
    return seen(customer, await client.read(customer.id));
  }

  /** @param {Calls} client @param {Customer} customer */
  async #place(client, { id, version }) {
    const answer = await client.place(id, client.random.chance(0.1) ? version : undefined);
    if (answer.status === 201) this.#open.push(answer.body.id);
    return answer;
  }

  /** Ships or cancels an order, or looks at it. @param {Calls} client */
  async #finish(client) {
    const { random } = client;
    const place = random.integer(0, this.#open.length - 1);
    const id = String(this.#open[place]);
    if (random.chance(0.2)) return client.readOrder(id);
    this.#open.splice(place, 1);
    return random.chance(0.6) ? client.ship(id) : client.cancel(id);
  }

  /** The clients turn to others; some who had their calls are erased. @param {Calls} client @param {Customer} customer */
  async #retire(client, customer) {
    const isFirst = this.#customers.includes(customer);
    this.#customers = this.#customers.filter((each) => each !== customer);
    if (!isFirst || !client.random.chance(ERASED)) return this.#read(client, customer);
    await client.erase(customer.id);
    await this.#read(client, customer);
    return client.readCopy(customer.id);
  }
}

/** @param {Customer} customer @param {Answer} answer */
function seen(customer, answer) {
  if (answer.status === 200) customer.version = Math.max(customer.version, answer.body.version);
  return answer;
}
