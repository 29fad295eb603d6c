import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Aggregate } from '../aggregate/aggregates.js';
import { type Direction, type PlacedPage, type PlacedQuery, type ListingStore, placeOf, valuesAt } from './listing.js';

/** What is listed in these tests. */
export interface Listed extends Aggregate {
  readonly owner: string;
  readonly place: { readonly city: string };
  readonly rank: number;
}

export interface ListingFixture {
  readonly listing: ListingStore<Listed>;
  /** Saves new states. */
  add(states: readonly Listed[]): Promise<void>;
  /** Forgets all states. */
  clear(): Promise<void>;
  dispose(): Promise<void>;
}

export interface ListingOptions {
  /** Of the property: few where each costs round trips. */
  readonly runs: number;
}

/** What is true of every listing. */
export function listingContract(
  name: string,
  { runs }: ListingOptions,
  openFixture: () => Promise<ListingFixture>,
): void {
  describe(`${name} as a listing`, () => {
    let fixture: ListingFixture;

    beforeAll(async () => {
      fixture = await openFixture();
    });

    afterAll(() => fixture.dispose());

    beforeEach(() => fixture.clear());

    /** Two owners, three cities and few ranks, so that there are ties. */
    const many = Array.from({ length: 23 }, (_, index) =>
      item(String((index * 7) % 23).padStart(3, '0'), `owner ${index % 2}`, `city ${index % 3}`, index % 4),
    );

    async function pagesOf(query: PlacedQuery): Promise<PlacedPage<Listed>[]> {
      const pages: PlacedPage<Listed>[] = [];
      for (let after = query.after; pages.length <= many.length;) {
        const page = await fixture.listing.page({ ...query, ...(after && { after }) });
        pages.push(page);
        if (!page.next) return pages;
        after = page.next;
      }
      throw new Error('there is no end to the pages');
    }

    async function idsOf(query: PlacedQuery): Promise<string[]> {
      return (await pagesOf(query)).flatMap(({ items }) => items.map(({ id }) => id));
    }

    it('is one page without a next where there is nothing', async () => {
      expect(await fixture.listing.page({ where: {}, sort: [['owner', 'ascending']], limit: 5 })).toEqual({
        items: [],
      });
    });

    it('gives the states whole', async () => {
      await fixture.add(many.slice(0, 1));

      const { items } = await fixture.listing.page({ where: {}, sort: [], limit: 1 });
      expect(items).toEqual(many.slice(0, 1));
    });

    it.each([1, 2, 7, 22, 23, 24])('gives every item exactly once, in order, in pages of %i', async (limit) => {
      await fixture.add(many);
      for (const direction of ['ascending', 'descending'] as const) {
        const query: PlacedQuery = { where: {}, sort: [['place.city', direction]], limit };

        const pages = await pagesOf(query);

        expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(inOrder(many, query));
        expect(pages.slice(0, -1).every(({ items }) => items.length === limit)).toBe(true);
        expect(pages).toHaveLength(Math.ceil(many.length / limit));
      }
    });

    it('sorts by several fields, each in its own direction, and by the id where all are equal', async () => {
      await fixture.add(many);
      const sort = [
        ['owner', 'descending'],
        ['place.city', 'ascending'],
      ] as const;

      expect(await idsOf({ where: {}, sort, limit: 3 })).toEqual(inOrder(many, { where: {}, sort, limit: 3 }));
    });

    it('sorts numbers as numbers', async () => {
      const states = [9, 10, 100, 1].map((rank) => item(`rank ${rank}`, 'o', 'c', rank));
      await fixture.add(states);

      const ids = await idsOf({ where: {}, sort: [['rank', 'ascending']], limit: 2 });
      expect(ids).toEqual(['rank 1', 'rank 9', 'rank 10', 'rank 100']);
    });

    it('gives only what has the asked values', async () => {
      await fixture.add(many);
      const query: PlacedQuery = {
        where: { owner: 'owner 1', 'place.city': 'city 2', rank: 1 },
        sort: [['owner', 'ascending']],
        limit: 2,
      };

      expect(await idsOf(query)).toEqual(inOrder(many, query));
      expect(inOrder(many, query)).not.toHaveLength(0);
      expect(await idsOf({ ...query, where: { owner: 'nobody' } })).toEqual([]);
    });

    it('gives only the one with an id, if it also has the other asked values', async () => {
      await fixture.add(many);
      const [one] = many;
      for (const direction of ['ascending', 'descending'] as const) {
        const sort = [
          ['owner', direction],
          ['rank', 'ascending'],
        ] as const;
        for (const sorted of [[], sort.slice(0, 1), sort]) {
          const query: PlacedQuery = { where: { id: one!.id }, sort: sorted, limit: 2 };
          expect(await fixture.listing.page(query)).toEqual({ items: [one] });
          expect(await idsOf({ ...query, where: { id: one!.id, owner: one!.owner } })).toEqual([one!.id]);
          expect(await idsOf({ ...query, where: { id: one!.id, owner: 'nobody' } })).toEqual([]);
          expect(await idsOf({ ...query, after: placeOf(one!, sorted) })).toEqual([]);
          for (const id of ['nobody', '', '$ne', one!.id.slice(0, -1)]) {
            expect(await idsOf({ ...query, where: { id } })).toEqual([]);
          }
        }
      }
    });

    it('takes a value that looks like a condition as the value that it is', async () => {
      await fixture.add([item('a', '$ne', 'c', 1), item('b', 'other', 'c', 1)]);

      expect(await idsOf({ where: { owner: '$ne' }, sort: [['owner', 'ascending']], limit: 5 })).toEqual(['a']);
    });

    it('ends a page at a megabyte, and gives every item all the same', async () => {
      const states = Array.from({ length: 30 }, (_, rank) =>
        item(`${rank}`.padStart(2, '0'), 'o'.repeat(99_000), '', 1),
      );
      await fixture.add(states);
      const query: PlacedQuery = { where: {}, sort: [['rank', 'descending']], limit: 200 };

      const pages = await pagesOf(query);

      expect(pages.map(({ items }) => JSON.stringify(items).length).filter((bytes) => bytes > 1_200_000)).toEqual([]);
      expect(pages.length).toBeLessThanOrEqual(4);
      expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(inOrder(states, query));
    });

    it('has a page for an item that is larger than a page', async () => {
      await fixture.add(['a', 'b'].map((id) => item(id, 'o'.repeat(1_010_000), '', 1)));

      expect(await idsOf({ where: {}, sort: [['rank', 'ascending']], limit: 200 })).toEqual(['a', 'b']);
    });

    it('shifts nothing when items are inserted between pages', async () => {
      const states = ['b', 'd', 'f', 'h'].map((id) => item(id, id, 'c', 1));
      await fixture.add(states);
      const query: PlacedQuery = { where: {}, sort: [['owner', 'ascending']], limit: 2 };
      const first = await fixture.listing.page(query);

      await fixture.add(['a', 'c', 'e', 'i'].map((id) => item(id, id, 'c', 1)));

      expect(first.items.map(({ id }) => id)).toEqual(['b', 'd']);
      expect(await idsOf({ ...query, after: first.next! })).toEqual(['e', 'f', 'h', 'i']);
    });

    it('goes on behind a place where there is no item any more', async () => {
      await fixture.add(['a', 'c'].map((id) => item(id, id, 'c', 1)));

      expect(await idsOf({ where: {}, sort: [['owner', 'ascending']], limit: 1, after: ['b', 'b'] })).toEqual(['c']);
    });

    it('is as an array in memory would be, sorted and cut', async () => {
      const word = fc.constantFrom('', 'a', 'B', 'ab', 'é', '10', '9', ' ');
      const states = fc.uniqueArray(fc.record({ id: fc.uuid(), owner: word, city: word, rank: fc.nat(3) }), {
        selector: ({ id }) => id,
        maxLength: 12,
      });
      const direction = fc.constantFrom<Direction>('ascending', 'descending');
      const field = fc.constantFrom('owner', 'place.city', 'rank');
      const sort = fc.uniqueArray(fc.tuple(field, direction), { selector: ([path]) => path, maxLength: 3 });
      const where = fc.option(fc.record({ owner: word }), { nil: {} });
      const query = fc.record({ where, sort, limit: fc.integer({ min: 1, max: 5 }) });
      const position = fc.option(fc.nat(), { freq: 4 });
      await fc.assert(
        fc.asyncProperty(states, query, position, async (fields, { where, ...order }, at) => {
          const items = fields.map(({ id, owner, city, rank }) => item(id, owner, city, rank));
          const one = at === null ? undefined : items[at % items.length];
          const asked = { ...order, where: { ...where, ...(one && { id: one.id }) } };
          await fixture.clear();
          await fixture.add(items);

          expect(await idsOf(asked)).toEqual(inOrder(items, asked));
        }),
        { numRuns: runs },
      );
    });
  });
}

function item(id: string, owner: string, city: string, rank: number): Listed {
  const time = '2026-01-01T00:00:00.000Z';
  return { id, version: 1, createdAt: time, updatedAt: time, owner, place: { city }, rank };
}

/** The ids of what a query asks for, the simple way. */
function inOrder(states: readonly Listed[], { where, sort }: PlacedQuery): string[] {
  const directions = [...sort.map(([, direction]) => direction), sort.at(-1)?.[1] ?? 'ascending'];
  return states
    .filter((state) =>
      Object.entries(where).every(([path, value]) => valuesAt(state, path).some((found) => found === value)),
    )
    .map((state) => placeOf(state, sort))
    .sort((a, b) => {
      const at = a.findIndex((value, index) => value !== b[index]);
      const [one, other] = [a[at]!, b[at]!];
      return one < other === (directions[at] === 'ascending') ? -1 : 1;
    })
    .map((place) => String(place.at(-1)));
}
