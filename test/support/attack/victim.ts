import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../gateway/gateway.js';
import { token } from '../gateway/tokens.js';

/** What a victim got. */
export interface Suffered {
  readonly requests: number;
  /** Those without an answer, or with another status than 200. */
  readonly failed: number;
  /** 95th percentile of the time to an answer, in milliseconds. */
  readonly p95: number;
}

/** Reads the same through the gateway, again and again, each time on a new connection. */
export class Victim {
  private readonly times: number[] = [];
  private failed = 0;
  private stopped = false;
  private readonly reading: Promise<void>;

  constructor(
    private readonly gateway: Gateway,
    private readonly path: string,
  ) {
    this.reading = this.read();
  }

  async stop(): Promise<Suffered> {
    this.stopped = true;
    await this.reading;
    const sorted = this.times.sort((a, b) => a - b);
    return { requests: sorted.length, failed: this.failed, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0 };
  }

  private async read(): Promise<void> {
    // Within the limits of a subject.
    for (let request = 0; !this.stopped; request += 1) {
      const sent = performance.now();
      const { status } = await this.gateway
        .call('GET', this.path, { token: token({ sub: `victim-${request % 10}` }), headers: { connection: 'close' } })
        .catch(() => ({ status: 0 }));
      if (status !== 200) this.failed += 1;
      this.times.push(performance.now() - sent);
      await sleep(30);
    }
  }
}
