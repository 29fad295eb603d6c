import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { get } from './http.js';
import type { Load } from './load.js';

/** Reads under way: a machine that is busy must not drown in them. */
const MAX_AT_ONCE = 32;

/** Requests that read what the load knows of, one every 5 ms. */
export class Reads {
  private static readonly running = new Set<Reads>();
  private readonly failures: string[] = [];
  private stopping = false;
  private readonly reading: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly load: Load,
    /** Of the orders context, if that is served elsewhere. */
    private readonly ordersUrl = url,
  ) {
    this.reading = this.run();
    Reads.running.add(this);
  }

  /** Those that a failed test left behind would keep the run from ending. */
  static async stopAll(): Promise<void> {
    await Promise.all([...Reads.running].map((reads) => reads.stop()));
  }

  async stop(): Promise<readonly string[]> {
    this.stopping = true;
    Reads.running.delete(this);
    await this.reading;
    return this.failures;
  }

  private async run(): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    for (let turn = 0; !this.stopping; turn += 1) {
      if (inFlight.size < MAX_AT_ONCE) {
        const read = this.read(this.paths()[turn % 6]!).finally(() => inFlight.delete(read));
        inFlight.add(read);
      }
      await sleep(5);
    }
    await Promise.all(inFlight);
  }

  private paths(): string[] {
    const [customers, orders] = [[...this.load.customers.keys()], [...this.load.orders.keys()]];
    const customer = customers[randomInt(customers.length)]!;
    const order = orders[randomInt(orders.length)]!;
    return [
      `/accounts/customers/${customer}`,
      `/accounts/customers/${customer}?version=1`,
      `/accounts/customers?limit=200&sort=lastName,-updatedAt`,
      `/orders/${order}`,
      `/orders?limit=200`,
      `/accounts/customers/${customer}/history`,
    ];
  }

  private async read(path: string): Promise<void> {
    const ask = () => get(`${path.startsWith('/orders') ? this.ordersUrl : this.url}${path}`);
    // An idle connection may be closed just when it is used again; HTTP has clients try such a request once more.
    const { status, text } = await ask()
      .catch(ask)
      .catch((error: unknown) => ({
        status: 0,
        text: `${String(error)} ${String((error as Error).cause)}`,
      }));
    if (status !== 200) this.failures.push(`${path}: ${status} ${text}`);
  }
}
