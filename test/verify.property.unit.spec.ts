import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type KeptRecord, LogWorld, type Told, toPlace } from './support/log-world.js';

const histories = fc.array(fc.record({ changes: fc.nat(4), erased: fc.boolean() }), { minLength: 1, maxLength: 6 });
const RUNS = { numRuns: 25 };
const CONTEXTS = ['accounts', 'orders'] as const;
const NOTHING: Told = { faults: [], unread: [], conflicts: [], differences: [] };

describe('a verification', () => {
  let world: LogWorld;

  beforeEach(async () => {
    world = await LogWorld.open();
  });

  afterEach(() => world.close());

  it('finds nothing wrong with what is right, however often events came again', async () => {
    const property = fc.asyncProperty(histories, fc.infiniteStream(fc.nat(3)), async (changes, dice) => {
      world = await world.anew();
      const events = await world.publish(changes);
      await world.publishAgain(events.filter(() => dice.next().value === 0));
      await world.project();
      for (const context of CONTEXTS) expect(await world.verify(context)).toEqual(NOTHING);
    });
    await fc.assert(property, RUNS);
  });

  it('names the record of which one byte was changed, or its aggregate', async () => {
    const property = fc.asyncProperty(
      histories,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom('key' as const, 'value' as const),
      async (changes, recordDice, byteDice, difference, part) => {
        world = await world.anew();
        await world.publish(changes);
        await world.project();
        const all = await world.records.iterator().all();
        const [place, record] = all[recordDice % all.length]!;
        const bytes = Buffer.from(record[part]!, 'base64');
        const at = byteDice % bytes.length;
        bytes[at] = bytes[at]! ^ difference;
        await world.records.put(place, { ...record, [part]: bytes.toString('base64') });
        const named = [toPlace(place), subjectOf(record)];

        for (const context of CONTEXTS) expect(namesOf(await world.verify(context), named)).not.toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('names the aggregate of which a record was removed', async () => {
    const property = fc.asyncProperty(histories, fc.nat(), async (changes, dice) => {
      world = await world.anew();
      await world.publish(changes);
      await world.project();
      const all = await world.records.iterator().all();
      const [place, record] = all[dice % all.length]!;
      await world.records.del(place);

      for (const context of CONTEXTS) expect(namesOf(await world.verify(context), [subjectOf(record)])).not.toEqual([]);
    });
    await fc.assert(property, RUNS);
  });

  it('names the aggregates of which two records changed places', async () => {
    const property = fc.asyncProperty(histories, fc.nat(), fc.nat(), async (changes, one, other) => {
      world = await world.anew();
      await world.publish(changes);
      await world.project();
      const all = await world.records.iterator().all();
      const [[a, first], [b, second]] = [all[one % all.length]!, all[other % all.length]!];
      await world.records.put(a, second);
      await world.records.put(b, first);
      const isSamePartition = toPlace(a).replace(/\d+$/, '') === toPlace(b).replace(/\d+$/, '');
      // Within a partition the order of different aggregates' records says nothing, but where they are does.
      const told = await world.verify('accounts');
      const expected = a === b ? [] : [subjectOf(first), subjectOf(second)];
      expect(namesOf(told, expected).length > 0).toBe(a !== b);
      if (a !== b && !isSamePartition) expect(told.differences.length).toBeGreaterThan(0);
    });
    await fc.assert(property, RUNS);
  });

  it('names a document that was changed, removed or added, and repairs it', async () => {
    const property = fc.asyncProperty(
      histories,
      fc.constantFrom(...CONTEXTS),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('different' as const, 'missing' as const, 'extra' as const),
      async (changes, context, collectionDice, keyDice, kind) => {
        world = await world.anew();
        await world.publish(changes);
        await world.project();
        const { collections } = world.live(context);
        const filled = [];
        for (const each of collections) if ((await each.count('exact')) > 0) filled.push(each);
        const collection = filled[collectionDice % filled.length]!;
        const documents = [];
        for await (const document of collection.documents()) documents.push(document);
        const document = documents[keyDice % documents.length]!;
        const key = kind === 'extra' ? `${document.key}x` : document.key;
        const changed = { key, content: { ...document.content, state: { id: 'tampered' } } };
        const seen = kind === 'extra' ? undefined : document;
        await collection.repair([{ key, seen, expected: kind === 'missing' ? undefined : changed }]);

        const { differences } = await world.verify(context);
        expect(differences).toMatchObject([{ collection: collection.collection, key, kind }]);

        const [difference] = differences;
        await collection.repair([{ key, seen: difference?.found, expected: difference?.expected }]);
        expect(await world.verify(context)).toEqual(NOTHING);
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  it('passes over events without a hash at the beginning of a partition, if it may', async () => {
    await world.publish([{ changes: 0, erased: false }]);
    const [[place, record] = ['', {} as KeptRecord]] = await world.records.iterator().all();
    const { hash: _, ...unhashed } = JSON.parse(text(record.value)) as { hash: string };
    const value = Buffer.from(JSON.stringify(unhashed)).toString('base64');
    await world.records.put(place, { ...record, value });
    await world.project();

    expect((await world.verify('accounts')).faults).toMatchObject([{ what: 'no hash' }]);
    expect(await world.verify('accounts', true)).toEqual(NOTHING);
  });
});

/** What of these is named in what a verification told. */
function namesOf({ faults, unread, conflicts, differences }: Told, names: readonly string[]): string[] {
  const told = [
    ...faults.flatMap(({ where, what }) => [where, what]),
    ...unread,
    ...conflicts,
    ...differences.map(({ key }) => key),
  ].join('\n');
  return names.filter((name) => told.includes(name));
}

function subjectOf({ value }: KeptRecord): string {
  return (JSON.parse(text(value)) as { subject: string }).subject;
}

function text(base64: string | null): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
