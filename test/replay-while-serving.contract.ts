import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Replayed, replayModule, rehearseReplay } from '../src/platform/maintenance/replay-module.js';
import { republishModule } from '../src/platform/maintenance/republish-module.js';
import type { Phase, Run } from '../src/platform/maintenance/run.js';
import { verifyModule } from '../src/platform/maintenance/verify-module.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { Load } from './support/load.js';
import { attestationOf, erase, expectForgotten, newPerson } from './support/persons.js';
import type { Serving } from './support/serving.js';

const MODULES = ['accounts', 'orders'] as const;
const TIMEOUT_MS = 240_000;
const unaborted = (): Run => ({ signal: new AbortController().signal });

/** A replay in a process that serves requests at the same time. */
export function replayWhileServingContract(name: string, start: () => Promise<Serving>): void {
  describe(`a replay of a module in the process that serves it, on ${name}`, () => {
    let serving: Serving;
    let load: Load;

    beforeEach(async () => {
      serving = await start();
      load = new Load({ accounts: [serving.url], orders: [serving.url] }, 6);
      await load.acknowledges(80);
    }, TIMEOUT_MS);

    afterEach(async () => {
      await load.stop();
      await serving.stop();
    }, TIMEOUT_MS);

    const replay = (module: string, run: Run = unaborted()) => replayModule(serving.connections(module), {}, run);
    const verify = (module: string) =>
      verifyModule(serving.connections(module), { lagToleranceMs: 10_000 }, unaborted());

    async function expectNothingLost(): Promise<void> {
      await load.acknowledges(30);
      await load.stop();
      expectGoodAnswers(load);
      await expectOrdersHears(load, serving.url);
      await expectOutboxDrains(serving.managementUrl);
      await expectAcknowledgedIsKept(load, serving.urls);
      for (const module of MODULES) {
        const { verdict, findings } = await verify(module);
        expect({ module, verdict, findings }).toMatchObject({ module, verdict: 'matches' });
      }
      // Consumers have found their positions, and read no partition from its beginning.
      expect(serving.warnings.filter((warning) => warning.includes('as after a restore'))).toEqual([]);
    }

    it(
      'loses nothing, and applies an erasure of the same time',
      async () => {
        const [before, during] = [await newPerson(serving.urls), await newPerson(serving.urls)];
        await erase(serving.urls, before);

        const erased = { done: Promise.resolve() };
        const run: Run = {
          ...unaborted(),
          during: (phase, work) => {
            if (phase === 'reading-log') erased.done = erase(serving.urls, during).catch(() => undefined);
            return work();
          },
        };
        const replayed: Replayed[] = [await replay('accounts', run), await replay('orders'), await replay('accounts')];
        await erased.done;

        expect(replayed.map(({ verdict }) => verdict)).toEqual(['swapped', 'swapped', 'swapped']);
        await expectNothingLost();
        for (const person of [before, during]) {
          await attestationOf(serving.urls, person);
          await expectForgotten(serving.urls, person);
        }
      },
      TIMEOUT_MS,
    );

    it.each(['reading-log', 'taking-over'] as const)(
      'changes nothing when it is aborted while %s, and can be run again',
      async (at: Phase) => {
        for (const module of MODULES) {
          const aborting = new AbortController();
          const reason = new Error('the operator has changed his mind');
          const during: Run['during'] = async (phase, work) => {
            const working = work();
            if (phase === at) aborting.abort(reason);
            return working;
          };

          await expect(replay(module, { signal: aborting.signal, during })).rejects.toBe(reason);

          await load.acknowledges(10);
        }
        await replay('orders');
        await expectNothingLost();
      },
      TIMEOUT_MS,
    );

    it(
      'can be rehearsed, and so can republishing, while requests are served',
      async () => {
        const phases: Phase[] = [];
        const run: Run = {
          ...unaborted(),
          during: (phase, work) => {
            phases.push(phase);
            return work();
          },
        };
        const rehearsed = await rehearseReplay(serving.connections('orders'), { lagToleranceMs: 10_000 }, run);
        expect(rehearsed).toMatchObject({ verdict: 'matches', skipped: 0, lostKeys: 0 });
        expect(rehearsed.records).toBeGreaterThan(0);
        expect(phases).toEqual(['reading-keys', 'reading-log', 'comparing']);

        const republished = await republishModule(serving.connections('accounts'), { isRehearsal: true }, unaborted());
        expect(republished).toMatchObject({ verdict: 'nothing-missing', events: 0 });
        await expectNothingLost();
      },
      TIMEOUT_MS,
    );
  });
}
