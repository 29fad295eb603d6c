import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../testing/eventually.js';
import { itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { FlakyLog, type Instance, instancesOn, type PublishOutcome } from '../testing/relay-world.js';
import { silentLogger } from '../testing/silent-logger.js';
import type { retryUntilDone } from '../tools/backoff.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { openEmbeddedDatabase } from '../embedded/database.js';

/** The same without the pauses, or there would be no time for many runs. */
const retryWithoutPause: typeof retryUntilDone = async (attempt, { signal, onFailure }) => {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      onFailure?.(error, failures);
    }
    await nextTurn();
  }
};

jest.unstable_mockModule('../tools/backoff.js', () => ({ retryUntilDone: retryWithoutPause }));
const { Relay } = await import('./relay.js');

type Step =
  | { readonly do: 'commit'; readonly id: string; readonly at: number; readonly time: string }
  | { readonly do: 'fail'; readonly outcome: PublishOutcome; readonly at: number }
  | { readonly do: 'fail to trim'; readonly at: number }
  | { readonly do: 'crash'; readonly at: number }
  | { readonly do: 'pause'; readonly turns: number };

const at = fc.nat(1);
/** By whatever clock. */
const time = fc.constantFrom(
  '1999-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00.000Z',
  '2099-01-01T00:00:00.000Z',
  'late',
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit'), id: fc.constantFrom('a', 'b', 'c'), at, time }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('fail'), outcome: fc.constantFrom('before', 'half', 'after'), at }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail to trim'), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause'), turns: fc.nat(5) }) },
) as fc.Arbitrary<Step>;
const settings = fc.record({
  maxBatch: fc.integer({ min: 1, max: 4 }),
  maxQueued: fc.integer({ min: 1, max: 6 }),
  sweepAfter: fc.constantFrom(0, 5, 1_000_000),
});

/** Two processes on one store; a crashed one is followed by another in its place. */
class World {
  readonly log = new FlakyLog();
  readonly commits = new Map<string, number>();
  private readonly places: { instance: Instance; relay: InstanceType<typeof Relay>; outcomes: PublishOutcome[] }[];

  constructor(
    private readonly instances: Instance[],
    private readonly settings: { maxBatch: number; maxQueued: number; sweepAfter: number },
  ) {
    this.places = [this.start(), this.start()];
  }

  async do(next: Step): Promise<void> {
    switch (next.do) {
      case 'commit':
        await this.places[next.at]!.instance.commit(next.id, next.time);
        this.commits.set(next.id, (this.commits.get(next.id) ?? 0) + 1);
        return;
      case 'fail':
        this.places[next.at]!.outcomes.push(next.outcome);
        return;
      case 'fail to trim':
        this.places[next.at]!.instance.failingTrims += 1;
        return;
      case 'crash':
        await this.places[next.at]!.relay.stop(0);
        this.places[next.at] = this.start();
        return;
      case 'pause':
        for (let turn = 0; turn < next.turns; turn += 1) await nextTurn();
    }
  }

  /** The last process finds all that the others left. */
  async settle(): Promise<void> {
    await this.stop();
    const last = this.start({ sweepAfter: 5 });
    await eventually(async () => expect(await last.instance.backlog()).toEqual({ events: 0 }));
    await last.relay.stop(0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.places.map(({ relay }) => relay.stop(0)));
  }

  private start(different: { sweepAfter?: number } = {}) {
    const instance = this.instances.pop()!;
    const outcomes: PublishOutcome[] = [];
    const bus = this.log.bus(() => outcomes.shift() ?? 'ok');
    const relay = new Relay(instance, bus, silentLogger, { ...this.settings, sweepEvery: 1, ...different });
    relay.start();
    return { instance, relay, outcomes };
  }
}

describe('the relay, whatever fails and whenever', () => {
  it('publishes every event, and those of an aggregate first in the order of their versions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), settings, async (steps, chosen) => {
        const database = await openEmbeddedDatabase('memory');
        const store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
        const world = new World(instancesOn(store, steps.length + 3), chosen);
        try {
          for (const next of steps) await world.do(next);
          await world.settle();

          for (const [id, count] of world.commits) {
            expect(world.log.firstAppearances(id)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
          }
        } finally {
          await world.stop();
          await database.close();
        }
      }),
      { numRuns: 150 },
    );
  });
});
