import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { type Answer, call } from './http.js';
import { CARD_PREFIX, customerInput, orderInput } from './requests.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as it was answered
export type State = Record<string, any> & { readonly id: string; readonly version: number };

/** What clients know of one aggregate: every version that was acknowledged to one of them. */
export interface Known {
  readonly id: string;
  newest: State;
  readonly versions: Map<number, State>;
  /** JSON Pointers of what an acknowledged version says that it changed, where the request alone decides that. */
  readonly changed: Map<number, readonly string[]>;
  /** Values of changes that were sent and not acknowledged: they may have happened. */
  readonly uncertain: unknown[];
}

/** Base URLs of the instances that take requests; a test changes them when it kills or starts one. */
export interface Targets {
  accounts: readonly string[];
  orders: readonly string[];
}

const FIELDS = [
  ['name', 'title'],
  ['name', 'middleName'],
  ['name', 'suffix'],
  ['contact', 'primaryPhone'],
  ['contact', 'secondaryPhone'],
] as const;
const MAX_CUSTOMERS = 40;
/** Of a writer between two requests: processes that start meanwhile need the machine, too. */
const MEAN_PAUSE_MS = 60;
const running = new Set<Load>();

/**
 * Concurrent clients that register and change customers and place and ship orders, all of them the same customers, and
 * remember what was acknowledged.
 */
export class Load {
  readonly customers = new Map<string, Known>();
  readonly orders = new Map<string, Known>();
  /** Answers that a client should never get. */
  readonly unexpected: string[] = [];
  acknowledged = 0;
  refused = 0;
  /** Why requests were answered with 503. */
  readonly refusals = new Set<string>();
  unanswered = 0;
  private readonly shippable: string[] = [];
  private markers = 0;
  private stopping = false;
  private readonly writers: Promise<void>[];

  constructor(
    public targets: Targets,
    writers = 16,
    private readonly ask: typeof call = call,
  ) {
    this.writers = Array.from({ length: writers }, () => this.write());
    running.add(this);
  }

  /** Resolves when as many more requests have been acknowledged. */
  acknowledges(more: number): Promise<void> {
    const wanted = this.acknowledged + more;
    return this.until(() => this.acknowledged >= wanted);
  }

  /** Resolves when as many more requests have been answered with 503. */
  isRefused(more: number): Promise<void> {
    const wanted = this.refused + more;
    return this.until(() => this.refused >= wanted);
  }

  /** Resolves when the last request has been answered or has failed. */
  async stop(): Promise<void> {
    this.stopping = true;
    running.delete(this);
    await Promise.all(this.writers);
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.stopping) throw new Error('the load has been stopped');
      await sleep(2);
    }
  }

  private async write(): Promise<void> {
    while (!this.stopping) {
      await sleep(randomInt(2 * MEAN_PAUSE_MS));
      const dice = Math.random();
      const customer = this.anyCustomer();
      if (!customer || (this.customers.size < MAX_CUSTOMERS && dice < 0.1)) await this.register();
      else if (dice < 0.6) await this.change(customer);
      else if (dice < 0.85 || this.shippable.length === 0) await this.place(customer);
      else await this.ship();
    }
  }

  /** Some more often than others, so that they have several changes on their way at once. */
  private anyCustomer(): Known | undefined {
    const customers = [...this.customers.values()];
    return anyOf(Math.random() < 0.3 ? customers.slice(0, 2) : customers);
  }

  private async register(): Promise<void> {
    const body = customerInput(this.newMarker());
    const answer = await this.send('accounts', 'POST', '/accounts/customers', { body });
    if (answer?.status === 201) {
      const changed = ['/name', '/contact', '/addresses', '/creditCards'];
      this.acknowledge(this.customers, answer.body as State, changed);
    } else this.expectStatus(answer, []);
  }

  private async change({ id, uncertain }: Known): Promise<void> {
    const [group, field] = anyOf(FIELDS) as (typeof FIELDS)[number];
    const value = this.newMarker();
    const answer = await this.send('accounts', 'PATCH', `/accounts/customers/${id}`, {
      body: { [group]: { [field]: value } },
    });
    if (answer?.status === 200) {
      this.acknowledge(this.customers, answer.body as State, [`/${group}/${field}`]);
      const is: unknown = answer.body[group][field];
      if (is !== value) this.unexpected.push(`answered ${String(is)} to a change to ${value}`);
    } else {
      uncertain.push(value);
      this.expectStatus(answer, []);
    }
  }

  private async place({ id, newest }: Known): Promise<void> {
    const insists = Math.random() < 0.03;
    const body = { ...orderInput(id, randomInt(1, 9)), ...(insists && { minCustomerVersion: newest.version }) };
    const headers = { ...(insists && { prefer: 'wait=2' }) };
    const answer = await this.send('orders', 'POST', '/orders', { body, headers });
    if (answer?.status === 201) {
      const { id: orderId } = answer.body as State;
      this.acknowledge(this.orders, answer.body as State, ['/customerId', '/status', '/items', '/total']);
      this.shippable.push(orderId);
    } else this.expectStatus(answer, ['urn:problem:unknown-customer']);
  }

  private async ship(): Promise<void> {
    const [id] = this.shippable.splice(randomInt(this.shippable.length), 1);
    const answer = await this.send('orders', 'POST', `/orders/${String(id)}/ship`);
    if (answer?.status === 200) this.acknowledge(this.orders, answer.body as State, ['/status', '/shipTo']);
    else {
      this.orders.get(String(id))?.uncertain.push('SHIPPED');
      this.expectStatus(answer, []);
    }
  }

  private async send(context: keyof Targets, method: string, path: string, sent = {}): Promise<Answer | undefined> {
    try {
      const answer = await this.ask(method, `${String(anyOf(this.targets[context]))}${path}`, sent);
      if (answer.text.includes(CARD_PREFIX)) this.unexpected.push(`a card number: ${answer.text}`);
      return answer;
    } catch {
      this.unanswered += 1;
      await sleep(20);
      return undefined;
    }
  }

  private acknowledge(known: Map<string, Known>, state: State, changed: readonly string[]): void {
    const { id, version } = state;
    const fresh: Known = { id, newest: state, versions: new Map(), changed: new Map(), uncertain: [] };
    const before = known.get(id) ?? fresh;
    known.set(id, before);
    if (before.versions.has(version)) this.unexpected.push(`two changes of ${id} are version ${version}`);
    before.versions.set(version, state);
    before.changed.set(version, changed);
    if (version > before.newest.version) before.newest = state;
    this.acknowledged += 1;
  }

  /** 503 is an answer that a client can live with; so is a refusal of these types. */
  private expectStatus(answer: Answer | undefined, types: readonly string[]): void {
    if (!answer) return;
    if (answer.status === 503 && answer.headers.has('retry-after')) {
      this.refused += 1;
      this.refusals.add(String(answer.body?.detail));
    } else if (!types.includes(String(answer.body?.type))) this.unexpected.push(`${answer.status} ${answer.text}`);
  }

  private newMarker(): string {
    this.markers += 1;
    return `M${this.markers}`;
  }
}

function anyOf<T>(items: readonly T[]): T | undefined {
  return items[randomInt(Math.max(items.length, 1))];
}

// A load that a failed test left behind would keep the run from ending.
afterEach(async () => {
  await Promise.all([...running].map((load) => load.stop()));
});
