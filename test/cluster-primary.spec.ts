import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { describeWithCluster } from './support/cluster.js';
import { expectAcknowledgedIsKept, expectGoodAnswers, expectOutboxDrains } from './support/guarantees.js';
import { call } from './support/http.js';
import { Load } from './support/load.js';
import { serve } from './support/run-process.js';

interface Answered {
  readonly begun: number;
  readonly ended: number;
  /** Undefined where there was no answer. */
  readonly status: number | undefined;
}

/** Milliseconds. Generous: how fast it is decides no test. */
const LIMIT_MS = 15_000;

describeWithCluster('a process whose primary stalls', 'cluster-primary', (cluster) => {
  it('answers every request, and writes again soon after another is elected', async () => {
    const settings = { KAFKA_BOOTSTRAP_SERVERS: cluster.kafka, MONGODB_URI: cluster.mongodb };
    const running = await serve(settings).ready();
    const answers: Answered[] = [];
    const load = new Load({ accounts: [running.url], orders: [running.url] }, 8, async (...request) => {
      const begun = performance.now();
      const answer = await call(...request).catch(() => undefined);
      answers.push({ begun, ended: performance.now(), status: answer?.status });
      if (!answer) throw new Error('no answer');
      return answer;
    });
    const observer = await Observer.of(cluster.mongodb);
    await load.acknowledges(100);

    const stalled = await cluster.primary();
    const pausedAt = performance.now();
    await cluster.pause(stalled);
    const electedAt = await observer.anotherPrimary();
    const written = await firstOf(
      answers,
      ({ begun, status }) => begun > electedAt && (status === 200 || status === 201),
    );
    await cluster.continue(stalled);
    await load.acknowledges(100);
    await load.stop();

    const longest = Math.max(...answers.map(({ begun, ended }) => ended - begun));
    const figures = { longest, election: electedAt - pausedAt, writesAgain: written.ended - electedAt };
    console.info(`milliseconds: ${JSON.stringify(figures)}`);
    expect(longest).toBeLessThan(LIMIT_MS);
    expect(figures.writesAgain).toBeLessThan(LIMIT_MS);
    expect(answers.filter(({ status }) => status === undefined)).toEqual([]);
    expectGoodAnswers(load);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectOutboxDrains(running.managementUrl);
    await observer.close();
  }, 120_000);
});

async function firstOf(answers: readonly Answered[], matches: (answer: Answered) => boolean): Promise<Answered> {
  for (;;) {
    const first = answers.find(matches);
    if (first) return first;
    await sleep(20);
  }
}

/** Sees which member is the primary, with a client of its own. */
class Observer {
  private readonly primaries: { readonly address: string; readonly at: number }[] = [];

  private constructor(private readonly client: MongoClient) {
    client.on('serverDescriptionChanged', ({ address, newDescription }) => {
      if (newDescription.type !== 'RSPrimary' || address === this.primaries.at(-1)?.address) return;
      this.primaries.push({ address, at: performance.now() });
    });
  }

  static async of(uri: string): Promise<Observer> {
    const observer = new Observer(new MongoClient(uri, { heartbeatFrequencyMS: 500, connectTimeoutMS: 1_000 }));
    await observer.client.connect();
    return observer;
  }

  /** Resolves with the time at which another than the first was seen. */
  async anotherPrimary(): Promise<number> {
    for (;;) {
      const other = this.primaries[1];
      if (other) return other.at;
      await sleep(5);
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
