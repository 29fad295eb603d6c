import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HashedEvent } from '../src/platform/testing/cloud-events.js';
import { historyOf, type KeptRecord, LogWorld, toPlace } from './support/log-world.js';

/** Of each customer: changes before the checkpoint (undefined: it is new after it), changes after it, and if it is erased then. */
const customers = fc.array(
  fc.record({ before: fc.option(fc.nat(3), { nil: undefined }), after: fc.nat(3), erased: fc.boolean() }),
  { minLength: 1, maxLength: 6 },
);
type Customers = readonly { readonly before: number | undefined; readonly after: number; readonly erased: boolean }[];
const RUNS = { numRuns: 6 };
const CONTEXTS = ['accounts', 'orders'] as const;
const SINCE = { sinceCheckpoint: true };

describe('a verification since a checkpoint', () => {
  let world: LogWorld;

  beforeEach(async () => {
    world = await LogWorld.open();
  });

  afterEach(() => world.close());

  /** Publishes what comes before the checkpoint, keeps it in both contexts, and returns what comes after. */
  async function checkpointed(all: Customers): Promise<{ before: HashedEvent[]; after: HashedEvent[] }> {
    world = await world.anew();
    const [before, after]: [HashedEvent[], HashedEvent[]] = [[], []];
    for (const { before: first, after: more, erased } of all) {
      const events = historyOf(randomUUID(), first === undefined ? more : first + more, erased);
      const known = first === undefined ? 0 : first + 1;
      before.push(...events.slice(0, known));
      after.push(...events.slice(known));
    }
    await world.publishAgain(before);
    await world.project();
    for (const context of CONTEXTS) {
      const { verdict, kept } = await world.verifyModule(context);
      expect([verdict, kept?.aggregates]).toEqual(['matches', all.filter((each) => each.before !== undefined).length]);
    }
    return { before, after };
  }

  /** The records that came after the checkpoint. */
  async function recordsAfter(before: readonly HashedEvent[]): Promise<[string, KeptRecord][]> {
    const known = new Set(before.map(({ id }) => id));
    return (await world.records.iterator().all()).filter(([, record]) => !known.has(eventOf(record).id));
  }

  it('finds nothing wrong with what is right, reads only what came later, and keeps what a whole one would', async () => {
    const property = fc.asyncProperty(customers, fc.infiniteStream(fc.nat(3)), async (all, dice) => {
      const { before, after } = await checkpointed(all);
      const again = [...before, ...after].filter(() => dice.next().value === 0);
      await world.publishAgain([...after, ...again]);
      await world.project();
      for (const context of CONTEXTS) {
        const since = await world.verifyModule(context, SINCE);
        expect([since.verdict, since.sentences]).toEqual(['matches', []]);
        expect(since.records).toBe(after.length + again.length);
        const { kept } = await world.verifyModule(context);
        expect({ ...since.kept, at: '' }).toEqual({ ...kept, at: '' });
        expect((await world.verifyModule(context, SINCE)).records).toBe(0);
      }
    });
    await fc.assert(property, RUNS);
  });

  it('names the record that was altered since, or its aggregate', async () => {
    const property = fc.asyncProperty(
      customers,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom('key' as const, 'value' as const),
      async (all, recordDice, byteDice, difference, part) => {
        const { before, after } = await checkpointed(all);
        fc.pre(after.length > 0);
        await world.publishAgain(after);
        await world.project();
        const records = await recordsAfter(before);
        const [place, record] = records[recordDice % records.length]!;
        const bytes = Buffer.from(record[part]!, 'base64');
        const at = byteDice % bytes.length;
        bytes[at] = bytes[at]! ^ difference;
        await world.records.put(place, { ...record, [part]: bytes.toString('base64') });

        for (const context of CONTEXTS) {
          const { sentences } = await world.verifyModule(context, SINCE);
          const named = [toPlace(place), eventOf(record).subject];
          expect(named.filter((name) => sentences.join('\n').includes(name))).not.toEqual([]);
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  it('names the aggregate of which a record was removed since', async () => {
    const property = fc.asyncProperty(customers, fc.nat(), async (all, dice) => {
      const { before, after } = await checkpointed(all);
      fc.pre(after.length > 0);
      await world.publishAgain(after);
      await world.project();
      const records = await recordsAfter(before);
      const [place, record] = records[dice % records.length]!;
      await world.records.del(place);

      const { verdict, sentences } = await world.verifyModule('accounts', SINCE);
      expect([verdict, sentences.join('\n')]).toEqual(['differs', expect.stringContaining(eventOf(record).subject)]);
    });
    await fc.assert(property, RUNS);
  });

  it('names an aggregate whose state was removed, or is older than it was then', async () => {
    const property = fc.asyncProperty(customers, fc.nat(), fc.boolean(), async (all, dice, isRemoved) => {
      const { before, after } = await checkpointed(all);
      fc.pre(before.some(({ sequence }) => Number(sequence) > 1));
      const states = world.live('accounts').systemsOfRecord[0]!.states;
      const candidates = before.filter(({ sequence }) => isRemoved || Number(sequence) > 1);
      const { subject } = candidates[dice % candidates.length]!;
      const [found] = await states.pick([subject]);
      await world.publishAgain(after);
      await world.project();
      const [now] = await states.pick([subject]);
      const { hash } = before.find((event) => event.subject === subject)!;
      const content = {
        ...found!.content,
        state: { ...(found!.content.state as object), version: 1 },
        version: 1,
        hash,
      };
      const older = { key: subject, content };
      await states.repair([{ key: subject, seen: now, expected: isRemoved ? undefined : older }]);

      const { verdict, sentences } = await world.verifyModule('accounts', SINCE);
      expect([verdict, sentences.join('\n')]).toEqual(['differs', expect.stringContaining(`${subject}: behind`)]);
    });
    await fc.assert(property, RUNS);
  });

  it('brings a restored database up to date, whatever it lacks', async () => {
    const property = fc.asyncProperty(customers, async (all) => {
      const { after } = await checkpointed(all);
      const backups = await Promise.all(CONTEXTS.map((context) => world.backup(context)));
      await world.publishAgain(after);
      await world.project();
      const live = (context: (typeof CONTEXTS)[number]) => documentsOf(world, context);
      const before = await Promise.all(CONTEXTS.map(live));
      for (const [index, context] of CONTEXTS.entries()) await world.restore(context, backups[index]!);

      for (const context of CONTEXTS) {
        const { verdict, records } = await world.verifyModule(context, { ...SINCE, repair: 'whole' });
        expect([verdict, records]).toEqual([after.length > 0 ? 'repaired' : 'matches', after.length]);
        expect((await world.verifyModule(context)).verdict).toBe('matches');
      }
      expect(await Promise.all(CONTEXTS.map(live))).toEqual(before);
    });
    await fc.assert(property, RUNS);
  });
});

async function documentsOf(world: LogWorld, context: (typeof CONTEXTS)[number]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const each of world.live(context).collections) for await (const document of each.documents()) all.push(document);
  return all;
}

function eventOf({ value }: KeptRecord): HashedEvent {
  return JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as HashedEvent;
}
