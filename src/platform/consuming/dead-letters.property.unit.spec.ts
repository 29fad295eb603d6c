import { expect, it } from '@jest/globals';
import { openDeadLettersInMemory } from '../testing/dead-letters-in-memory.js';
import fc from 'fast-check';
import { DeadLettersWorld, stated } from '../testing/dead-letters-world.js';
import { toDeadLetter } from './dead-letter.js';
import { type DeadLetter, type DeadLetterState, readDeadLetters } from './dead-letters.js';
import { discard } from './discard.js';

/**
 * Send: the record becomes a dead letter again. Look: another operator lists the dead letters, and works with that list
 * later. Redrive, discard: of the record, as the operator saw it.
 */
type Step =
  | { readonly kind: 'send'; readonly record: number }
  | { readonly kind: 'look'; readonly operator: number }
  | { readonly kind: 'redrive' | 'discard'; readonly operator: number; readonly record: number };

const record = fc.integer({ min: 0, max: 2 });
const operator = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), record }),
  fc.record({ kind: fc.constant('look' as const), operator }),
  fc.record({ kind: fc.constantFrom('redrive' as const, 'discard' as const), operator, record }),
);

/** What must be true: each time that a record was sent, and what became of that. */
class Model {
  readonly sent = new Map<number, DeadLetterState[]>();
  /** By operator, and then by record: how often it had been sent when the operator looked. */
  private readonly seen = new Map<number, ReadonlyMap<number, number>>();

  send(of: number): void {
    this.sent.set(of, [...(this.sent.get(of) ?? []), 'pending']);
  }

  look(by: number): void {
    this.seen.set(by, new Map([...this.sent].map(([of, states]) => [of, states.length])));
  }

  mark(by: number, of: number, as: 'redriven' | 'discarded'): void {
    const states = this.sent.get(of) ?? [];
    for (let index = 0; index < (this.seen.get(by)?.get(of) ?? 0); index += 1)
      if (states[index] !== 'redriven') states[index] = as;
  }

  get pending(): readonly number[] {
    return [...this.sent.values()].map((states) => states.filter((state) => state === 'pending').length);
  }
}

it('exactly the dead letters that were neither redriven nor discarded since they were last sent are pending', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const world = await DeadLettersWorld.open(openDeadLettersInMemory);
      try {
        const [model, seen] = [new Model(), new Map<number, readonly DeadLetter[]>()];
        for (const each of steps) await take(each, world, model, seen);

        const letters = await world.list();
        expect(letters.map(({ state }) => state)).toEqual(
          [...model.sent].sort().map(([, states]) => (states.includes('pending') ? 'pending' : states.at(-1))),
        );
        expect((await world.listPending()).length).toBe(model.pending.filter((count) => count > 0).length);
        expect(await world.countPending()).toBe(model.pending.reduce((sum, count) => sum + count, 0));
      } finally {
        await world.close();
      }
    }),
    { numRuns: 60 },
  );
});

/** An operator who redrives or discards has seen the same list as the model's. */
async function take(
  { kind, ...of }: Step,
  world: DeadLettersWorld,
  model: Model,
  seen: Map<number, readonly DeadLetter[]>,
): Promise<void> {
  const { record: number = 0, operator: by = 0 } = of as { record?: number; operator?: number };
  if (kind === 'send') {
    model.send(number);
    const at = { topic: world.topic, partition: 0, offset: number };
    const refused = { record: { ...stated(`record-${number}`, 1, 'state'), ...at }, reason: 'a test', attempts: 1 };
    await world.bus.publish(world.deadLetters, [toDeadLetter(refused, world.group)]);
  } else if (kind === 'look') {
    model.look(by);
    seen.set(by, await readDeadLetters(world.bus, world));
  } else {
    model.mark(by, number, kind === 'redrive' ? 'redriven' : 'discarded');
    const chosen = (seen.get(by) ?? []).filter(({ latest }) => latest.origin?.offset === number);
    if (kind === 'redrive') expect(await world.redrive(chosen)).toEqual([]);
    else await discard(world.bus, world, chosen, { reason: 'a test' }, new AbortController().signal);
  }
}
