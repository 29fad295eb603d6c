import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PlatformError } from '../tools/errors.js';
import { LateStates, type LateState } from './late-states.js';
import { NewestVersions } from './newest-versions.js';

const BYTES = 100;

/** Adds an event whose value is its version. */
function add(late: LateStates, subject: string, version: number, offset = 0): void {
  late.add({ subject, sequence: String(version) }, { value: Buffer.alloc(BYTES, version), offset });
}

const versionOf = ({ text }: LateState) => text.charCodeAt(0);

describe('states that are kept back', () => {
  it('end with the newest of each aggregate, whatever the order, the limits and the failures', async () => {
    const change = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), version: fc.integer({ min: 1, max: 9 }) });
    const limits = fc.record({
      events: fc.integer({ min: 0, max: 3 }),
      bytes: fc.integer({ min: 0, max: 3 * BYTES }),
      batch: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change), limits, fc.array(fc.boolean()), async (changes, atMost, outcomes) => {
        const restored = new Map<string, number>();
        let running = 0;
        const late = new LateStates(
          async (states) => {
            running += 1;
            for (let turns = states.length * versionOf(states[0]!); turns > 0; turns -= 1) await Promise.resolve();
            running -= 1;
            if (outcomes.pop() === false) throw new PlatformError('unavailable', 'unavailable', 'away');
            for (const state of states) {
              restored.set(state.id, Math.max(versionOf(state), restored.get(state.id) ?? 0));
            }
            return [];
          },
          undefined,
          atMost,
        );
        const patiently = async (work: () => Promise<unknown>): Promise<void> => {
          await work().catch(() => patiently(work));
        };
        const trims: Promise<void>[] = [];
        for (const { id, version } of changes) {
          add(late, id, version);
          trims.push(patiently(() => late.trim()));
        }
        let runningAfter: number | undefined;
        await patiently(() => late.settle().then(() => (runningAfter = running)));
        expect(runningAfter).toBe(0);
        const newest = new Map<string, number>();
        for (const { id, version } of changes) newest.set(id, Math.max(version, newest.get(id) ?? 0));
        expect(restored).toEqual(newest);
        await Promise.all(trims);
      }),
    );
  });

  it('are restored once for many changes, and as new where the first version was among them', async () => {
    const restored: (readonly LateState[])[] = [];
    const late = new LateStates((states) => {
      restored.push(states);
      return Promise.resolve([]);
    });
    for (const version of [1, 2, 3]) add(late, 'a', version);
    for (const version of [3, 2]) add(late, 'b', version);
    await late.trim();
    expect(restored).toEqual([]);
    await late.settle();
    expect(restored.flat().map((state) => ({ ...state, text: versionOf(state) }))).toMatchObject([
      { id: 'a', text: 3, isNew: true },
      { id: 'b', text: 3, isNew: false },
    ]);
  });

  it('make room for others once they are too many or too large', async () => {
    const restored: string[] = [];
    const restore = (states: readonly LateState[]) => {
      restored.push(...states.map(({ id }) => id));
      return Promise.resolve([]);
    };
    for (const limits of [
      { events: 2, bytes: 1_000_000, batch: 1 },
      { events: 1_000, bytes: 2 * BYTES, batch: 1 },
    ]) {
      restored.length = 0;
      const late = new LateStates(restore, undefined, limits);
      for (const [id, version] of [
        ['a', 1],
        ['b', 1],
        ['a', 2],
        ['c', 1],
      ] as const)
        add(late, id, version);
      await late.trim();
      expect(restored).toHaveLength(1);
    }
  });

  it('are mostly kept back when a few more than there is room for change in turns', async () => {
    const [aggregates, rounds] = [120, 5];
    let restored = 0;
    const restore = (states: readonly LateState[]) => {
      restored += states.length;
      return Promise.resolve([]);
    };
    const late = new LateStates(restore, undefined, { events: 100, bytes: 1_000_000, batch: 2 });
    for (let version = 1; version <= rounds; version += 1) {
      for (let id = 0; id < aggregates; id += 1) {
        add(late, `${id}`, version);
        await late.trim();
      }
    }
    await late.settle();
    expect(restored).toBeLessThan((aggregates * rounds) / 2);
  });

  it('are told of where they cannot be applied, once', async () => {
    const late = new LateStates((states) => Promise.resolve(states.map(({ id }) => id)));
    add(late, 'a', 1);
    expect(await late.settle()).toEqual(new Set(['a']));
    expect(await late.settle()).toEqual(new Set());
  });

  it('are told of where they cannot be applied even if others could not be restored at first', async () => {
    let isAway = true;
    const late = new LateStates(
      (states) => {
        const ids = states.map(({ id }) => id);
        if (!ids.includes('b') || !isAway) return Promise.resolve(ids);
        isAway = false;
        return Promise.reject(new PlatformError('unavailable', 'unavailable', 'away'));
      },
      undefined,
      { events: 9, bytes: 9 * BYTES, batch: 1 },
    );
    for (const id of ['a', 'b', 'c']) add(late, id, 1);
    await expect(late.settle()).rejects.toThrow('away');
    expect(await late.settle()).toEqual(new Set(['a', 'b', 'c']));
  });

  describe('of a log that is read in windows', () => {
    const LIMITS = { events: 1, bytes: 1_000_000, batch: 1 };

    it('are skipped once a newer one was restored, and restored as new', async () => {
      const restored: LateState[] = [];
      const discard = () => Promise.reject(new Error('nothing is contested'));
      const late = new LateStates(
        (states) => Promise.resolve(void restored.push(...states)).then(() => []),
        { restored: new NewestVersions(), discard },
        LIMITS,
      );
      for (const [offset, version] of [4, 5, 1, 2, 3].entries()) {
        add(late, 'a', version, offset);
        add(late, `other ${version}`, 1, offset);
        await late.trim();
      }
      expect(await late.settle()).toEqual(new Set());
      expect(restored.filter(({ id }) => id === 'a').map(versionOf)).toEqual([4, 5]);
      expect(restored.filter(({ id }) => id === 'a').map(({ isNew }) => isNew)).toEqual([true, false]);
    });

    it('are older ones where the newer one cannot be applied, and named', async () => {
      const restored: number[] = [];
      const late = new LateStates(
        (states) => {
          const read = states.filter((each) => versionOf(each) < 5);
          restored.push(...read.map(versionOf));
          return Promise.resolve(states.filter((each) => !read.includes(each)).map(({ id }) => id));
        },
        { restored: new NewestVersions(), discard: () => Promise.resolve() },
        { ...LIMITS, events: 0 },
      );
      for (const version of [5, 4, 3]) {
        add(late, 'a', version, version);
        await late.trim();
      }
      expect(restored).toEqual([4]);
      expect(await late.settle()).toEqual(new Set(['a']));
    });

    it('are discarded and named where an earlier event has the same version, again after a failure', async () => {
      const discarded: unknown[] = [];
      let isAway = true;
      const late = new LateStates(
        () => Promise.resolve([]),
        {
          restored: new NewestVersions(),
          discard: (ids) => {
            if (isAway) return Promise.reject(new PlatformError('unavailable', 'unavailable', 'away'));
            return Promise.resolve(void discarded.push(...ids));
          },
        },
        { ...LIMITS, events: 0 },
      );
      add(late, 'a', 2, 9);
      add(late, 'b', 2, 10);
      await late.trim();
      // Of `b` the same record once more, and a later one.
      for (const [id, offset] of [
        ['a', 3],
        ['b', 10],
        ['b', 11],
      ] as const)
        add(late, id, 2, offset);
      await expect(late.settle()).rejects.toThrow('away');
      isAway = false;
      expect(await late.settle()).toEqual(new Set(['a']));
      expect(discarded).toEqual([{ id: 'a', version: 2 }]);
      expect(await late.settle()).toEqual(new Set());
    });

    it('are those of the first event with a version if none was restored yet', async () => {
      const restored: LateState[] = [];
      const late = new LateStates((states) => Promise.resolve(void restored.push(...states)).then(() => []), {
        restored: new NewestVersions(),
        discard: () => Promise.resolve(),
      });
      late.add({ subject: 'a', sequence: '2' }, { value: Buffer.from('later'), offset: 9 });
      late.add({ subject: 'a', sequence: '2' }, { value: Buffer.from('first'), offset: 3 });
      expect(await late.settle()).toEqual(new Set());
      expect(restored.map(({ text }) => text)).toEqual(['first']);
    });
  });
});
