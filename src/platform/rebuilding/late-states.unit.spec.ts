import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CloudEvent } from '../event/cloud-event.js';
import { PlatformError } from '../tools/errors.js';
import { LateStates, type LateState } from './late-states.js';

const BYTES = 100;

/** Adds an event whose value is its version. */
function add(late: LateStates, subject: string, version: number): void {
  late.add({ subject, sequence: String(version) } as CloudEvent, Buffer.alloc(BYTES, version));
}

const versionOf = ({ value }: LateState) => value[0] as number;

describe('states that are kept back', () => {
  it('end with the newest of each aggregate, whatever the order, the limits and the failures', async () => {
    const change = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), version: fc.integer({ min: 1, max: 9 }) });
    const limits = fc.record({ events: fc.integer({ min: 0, max: 3 }), bytes: fc.integer({ min: 0, max: 3 * BYTES }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change), limits, fc.array(fc.boolean()), async (changes, atMost, outcomes) => {
        const restored = new Map<string, number>();
        const late = new LateStates(async (states) => {
          await Promise.resolve();
          if (outcomes.pop() === false) throw new PlatformError('unavailable', 'unavailable', 'away');
          for (const state of states) {
            restored.set(state.id, Math.max(versionOf(state), restored.get(state.id) ?? 0));
          }
          return [];
        }, atMost);
        const patiently = async (work: () => Promise<unknown>): Promise<void> => {
          await work().catch(() => patiently(work));
        };
        for (const { id, version } of changes) {
          add(late, id, version);
          await patiently(() => late.trim());
        }
        await patiently(() => late.settle());
        const newest = new Map<string, number>();
        for (const { id, version } of changes) newest.set(id, Math.max(version, newest.get(id) ?? 0));
        expect(restored).toEqual(newest);
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
    expect(restored.flat().map((state) => ({ ...state, value: versionOf(state) }))).toMatchObject([
      { id: 'a', value: 3, isNew: true },
      { id: 'b', value: 3, isNew: false },
    ]);
  });

  it('make room for others once they are too many or too large, first those that changed least recently', async () => {
    const restored: string[] = [];
    const restore = (states: readonly LateState[]) => {
      restored.push(...states.map(({ id }) => id));
      return Promise.resolve([]);
    };
    for (const limits of [
      { events: 2, bytes: 1_000_000 },
      { events: 1_000, bytes: 2 * BYTES },
    ]) {
      restored.length = 0;
      const late = new LateStates(restore, limits);
      for (const id of ['a', 'b', 'a', 'c']) add(late, id, 1);
      await late.trim();
      expect(restored.slice(0, 1)).toEqual(['b']);
    }
  });

  it('are told of where they cannot be applied, once', async () => {
    const late = new LateStates((states) => Promise.resolve(states.map(({ id }) => id)));
    add(late, 'a', 1);
    expect(await late.settle()).toEqual(new Set(['a']));
    expect(await late.settle()).toEqual(new Set());
  });
});
