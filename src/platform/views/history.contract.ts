import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Auditable, AuditedDocument } from '../rebuilding/auditable.js';
import { type History, listed, type HistoryEntry } from './history.js';

interface Person {
  readonly name?: string;
  readonly erased?: true;
}

export interface HistoryFixture {
  /** One collection, as so many processes see it as the technology lets use it at once. */
  readonly histories: readonly (History<Person> & { audit(): Auditable })[];
  readonly runs: number;
  dispose(): Promise<void>;
}

/** What is true of every history. */
export function historyContract(name: string, openFixture: () => Promise<HistoryFixture>): void {
  describe(`${name} as a history`, () => {
    let fixture: HistoryFixture;
    let history: HistoryFixture['histories'][number];

    beforeEach(async () => {
      fixture = await openFixture();
      history = fixture.histories[0]!;
    });

    afterEach(() => fixture.dispose());

    const [first, second, third, erasure] = changesOf('a', 3, true) as [Change, Change, Change, Change];

    it('keeps each change once, where the log has it first', async () => {
      await history.append([first, second, { ...first, offset: 99 }]);
      await history.append([{ ...second, offset: 99 }, third]);

      expect(await history.page('a', 0, 10)).toEqual([first, second, third]);
      expect(await history.page('a', 1, 1)).toEqual([second]);
      expect(await history.newestVersion('a')).toBe(3);
      expect(await history.find('a', 2)).toEqual(second);
      expect(await history.findAt('a', second.time)).toEqual(second);
      expect([await history.newestVersion('b'), await history.find('a', 9)]).toEqual([0, undefined]);
    });

    it('lists changes without their states and what only the log needs', async () => {
      await history.append([first, { ...second, extensions: { causationid: 'c' } }, third]);

      expect(await history.list('a', 0, 2)).toEqual({ items: [first, second].map(listed), more: true });
      expect(await history.list('a', 2, 2)).toEqual({ items: [third].map(listed), more: false });
      expect(await history.list('b', 0, 2)).toEqual({ items: [], more: false });
    });

    it('ends a list at a megabyte', async () => {
      const changed = Array.from({ length: 1_000 }, (_, index) => `/${index}`.padEnd(100, '_'));
      const many = changesOf('a', 25).map((change) => ({ ...change, changed }));
      await history.append(many);

      const { items, more } = await history.list('a', 0, 25);
      expect(JSON.stringify(items).length).toBeLessThan(1_200_000);
      expect({ more, few: items.length < 15, some: items.length > 5 }).toEqual({ more: true, few: true, some: true });
      const rest = await history.list('a', items.at(-1)!.version, 25);
      expect(rest.items[0]?.version).toBe(items.at(-1)!.version + 1);
    });

    it('forgets the states before a version, and keeps the chain', async () => {
      await history.append([first, second, third, ...changesOf('b', 1)]);
      await history.forget('a', 3);
      await history.forget('a', 3);

      expect(await history.page('a', 0, 10)).toEqual([chainOf(first), chainOf(second), third]);
      expect(await history.page('b', 0, 10)).toEqual(changesOf('b', 1));
    });

    it('keeps of a change that was forgotten before it came nothing but the chain', async () => {
      await history.append([first, erasure]);
      await history.forget('a', erasure.version);
      await history.append([third]);
      await history.append([{ ...third, offset: 99 }, second]);

      expect(await history.page('a', 0, 10)).toEqual([chainOf(first), chainOf(second), chainOf(third), erasure]);
    });

    it('shows nothing of a change that was forgotten and has not come yet', async () => {
      await history.append([erasure]);
      await history.forget('a', erasure.version);

      expect(await history.page('a', 0, 1)).toEqual([erasure]);
      expect(await history.find('a', 2)).toBeUndefined();
      expect(await history.findAt('a', second.time)).toBeUndefined();
      expect(await history.newestVersion('a')).toBe(erasure.version);
    });

    it('keeps the first of two events under one version, and says so until a later one ends the fork', async () => {
      const other = (of: Change): Change => ({ ...of, eventId: `other ${of.version}`, hash: `other ${of.version}` });
      const fork = { id: 'a', version: 3 };
      await history.append([first, second]);
      await history.append([second, third, other(third), ...changesOf('b', 1)]);
      expect(await history.page('a', 0, 10)).toEqual([first, second, third]);
      expect(await history.forkedVersions()).toEqual([fork]);
      expect(await history.isForkEnded(fork)).toBe(false);

      await history.append([other(second), other(third)]);
      await history.append([{ ...third, version: 4, extensions: { resolves: 'other 3' } }]);
      expect(await history.forkedVersions()).toEqual([{ id: 'a', version: 2 }, fork]);
      expect(await history.isForkEnded(fork)).toBe(true);
      expect(await history.isForkEnded({ id: 'a', version: 4 })).toBe(false);
    });

    it('tells two events under one version apart by their ids where one has no hash', async () => {
      const { hash: _, ...unhashed } = first;
      await history.append([unhashed]);
      await history.append([first]);
      expect(await history.forkedVersions()).toEqual([]);
      await history.append([{ ...first, eventId: 'other' }]);
      expect(await history.forkedVersions()).toEqual([{ id: 'a', version: 1 }]);
    });

    it('notices two events under a version that was forgotten before they came', async () => {
      await history.append([erasure]);
      await history.forget('a', erasure.version);
      await history.append([second, { ...second, eventId: 'other', hash: 'other' }]);

      expect(await history.page('a', 0, 10)).toEqual([chainOf(second), erasure]);
      expect(await history.forkedVersions()).toEqual([{ id: 'a', version: 2 }]);
    });

    it('comes to the same in any order, with any repetition, in any portions, by any number of writers', async () => {
      const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 3 });
      const deliveries = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { maxLength: 6 });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(lives, deliveries, fc.infiniteStream(fc.nat()), async (people, batches, numbers) => {
          run += 1;
          const log = people.flatMap(([changes, erased], person) => changesOf(`${run}-${person}`, changes, erased));
          const next = () => numbers.next().value as number;
          const rest = shuffled(log, next);
          const portions = [
            ...batches.map((batch) => batch.map((number) => log[number % log.length] as Change)),
            ...rest.map((_, at) => rest.slice(at, at + 1)),
          ];
          const writers = fixture.histories.flatMap((each) => [each, each]);
          const shares = writers.map((_, index) => portions.filter((_portion, at) => at % writers.length === index));
          await Promise.all(
            writers.map(async (writer, index) => {
              for (const portion of shares[index] ?? []) await take(writer, portion);
            }),
          );
          const inOrder = await documentsOf(history, `${run}-`);
          expect(inOrder).toEqual(expectedOf(log));
        }),
        { numRuns: fixture.runs },
      );
    });
  });
}

type Change = HistoryEntry<Person> & { readonly state: Person };

/** As a context does that erases people. */
async function take(history: History<Person>, changes: readonly Change[]): Promise<void> {
  await history.append(changes);
  for (const { id, version, state } of changes) if (state.erased) await history.forget(id, version);
}

function changesOf(id: string, versions: number, erased = false): Change[] {
  const change = (version: number, state: Person): Change => ({
    id,
    version,
    type: 'test.person.changed',
    eventId: `${id}-${version}`,
    time: `2026-01-01T00:00:0${version}.000Z`,
    changed: [''],
    hash: `hash of ${id} ${version}`,
    partition: 1,
    offset: version,
    state,
  });
  const changes = Array.from({ length: versions }, (_, index) => change(index + 1, { name: `Ada ${index}` }));
  return erased ? [...changes, change(versions + 1, { erased: true })] : changes;
}

function chainOf({ state: _, ...chain }: Change): Omit<Change, 'state'> {
  return chain;
}

function expectedOf(log: readonly Change[]): AuditedDocument['content'][] {
  const erased = new Map(log.flatMap(({ id, version, state }) => (state.erased ? [[id, version] as const] : [])));
  return log.map((change) => ({ ...(change.version < (erased.get(change.id) ?? 0) ? chainOf(change) : change) }));
}

async function documentsOf(history: { audit(): Auditable }, prefix: string): Promise<AuditedDocument['content'][]> {
  const contents: AuditedDocument['content'][] = [];
  for await (const { key, content } of history.audit().documents()) if (key.startsWith(prefix)) contents.push(content);
  return contents;
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(next() % rest.length, 1)[0] as T);
}
