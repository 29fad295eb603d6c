import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProjectionStore, Versioned } from './projection.js';

/** What a projection keeps in these tests. */
export interface Copy {
  readonly name: string;
  readonly nested?: { readonly list: readonly number[] };
}

export interface ProjectionFixture {
  /** The same projection, as so many processes have it that may use it at once. */
  readonly writers: readonly ProjectionStore<Copy>[];
  /** Closes it all, and answers the projection that another process opens afterwards. */
  reopen(): Promise<ProjectionStore<Copy>>;
  dispose(): Promise<void>;
}

export interface ProjectionOptions {
  /** Of the property: few where each costs round trips. */
  readonly runs: number;
}

/** What is true of every versioned projection. */
export function projectionContract(
  name: string,
  { runs }: ProjectionOptions,
  openFixture: () => Promise<ProjectionFixture>,
): void {
  describe(`${name} as a versioned projection`, () => {
    let fixture: ProjectionFixture;
    let projection: ProjectionStore<Copy>;
    let id: string;

    beforeAll(async () => {
      fixture = await openFixture();
      projection = fixture.writers[0]!;
    });

    afterAll(() => fixture.dispose());

    beforeEach(() => {
      id = randomUUID();
    });

    const copyOf = (of: string, version: number): Versioned<Copy> => ({
      id: of,
      version,
      state: { name: `as of ${version}`, nested: { list: [version] } },
    });
    const deliver = (entries: readonly Versioned<Copy>[], writer: number): Promise<void> =>
      fixture.writers[writer % fixture.writers.length]!.apply(entries);

    it('finds nothing where nothing was applied', async () => {
      expect(await projection.find(id)).toBeUndefined();
    });

    it('finds what was applied, whole', async () => {
      await projection.apply([copyOf(id, 1)]);

      expect(await projection.find(id)).toEqual(copyOf(id, 1));
    });

    it('replaces an older version, and keeps nothing of it', async () => {
      await projection.apply([copyOf(id, 1)]);
      await projection.apply([{ id, version: 2, state: { name: 'bare' } }]);

      expect(await projection.find(id)).toEqual({ id, version: 2, state: { name: 'bare' } });
    });

    it('skips the same version and older ones', async () => {
      await projection.apply([copyOf(id, 5)]);
      await projection.apply([{ id, version: 5, state: { name: 'again' } }]);
      await projection.apply([{ id, version: 4, state: { name: 'late' } }]);

      expect(await projection.find(id)).toEqual(copyOf(id, 5));
    });

    it('takes versions with gaps between them', async () => {
      await projection.apply([copyOf(id, 3)]);
      await projection.apply([copyOf(id, 7)]);

      expect((await projection.find(id))?.version).toBe(7);
    });

    it('ends at the newest of a batch that names an id more than once', async () => {
      const other = randomUUID();
      await projection.apply([copyOf(id, 1), copyOf(other, 2), copyOf(id, 3), copyOf(id, 2), copyOf(other, 1)]);

      expect(await projection.find(id)).toEqual(copyOf(id, 3));
      expect(await projection.find(other)).toEqual(copyOf(other, 2));
    });

    it('applies the rest of a batch where some of it is old', async () => {
      const ids = Array.from({ length: 20 }, () => randomUUID());
      await projection.apply(ids.map((each, index) => copyOf(each, index % 2 === 0 ? 9 : 1)));
      await projection.apply(ids.map((each) => copyOf(each, 5)));

      const versions = await Promise.all(ids.map(async (each) => (await projection.find(each))?.version));
      expect(versions).toEqual(ids.map((_, index) => (index % 2 === 0 ? 9 : 5)));
    });

    it('applies nothing', async () => {
      await expect(projection.apply([])).resolves.not.toThrow();
    });

    it('ends at the newest where writers race to be the first', async () => {
      const ids = Array.from({ length: 30 }, () => randomUUID());
      const versions = [3, 1, 5, 2, 4];
      await Promise.all(
        versions.map((version, writer) =>
          deliver(
            ids.map((each) => copyOf(each, version)),
            writer,
          ),
        ),
      );

      const found = await Promise.all(ids.map((each) => projection.find(each)));
      expect(found).toEqual(ids.map((each) => copyOf(each, 5)));
    });

    it('ends the same whatever the order, repetition and overlap of the deliveries', async () => {
      const entry = fc.record({ index: fc.integer({ min: 0, max: 2 }), version: fc.integer({ min: 1, max: 9 }) });
      const batch = fc.array(entry, { minLength: 1, maxLength: 5 });
      const waves = fc.array(fc.array(batch, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(waves, async (deliveries) => {
          const run = randomUUID();
          const idOf = (index: number): string => `${run}-${index}`;
          for (const concurrent of deliveries) {
            await Promise.all(
              concurrent.map((each, writer) =>
                deliver(
                  each.map(({ index, version }) => copyOf(idOf(index), version)),
                  writer,
                ),
              ),
            );
          }
          for (const index of [0, 1, 2]) {
            const versions = deliveries
              .flat(2)
              .filter((each) => each.index === index)
              .map(({ version }) => version);
            const expected = versions.length === 0 ? undefined : copyOf(idOf(index), Math.max(...versions));
            expect(await projection.find(idOf(index))).toEqual(expected);
          }
        }),
        { numRuns: runs },
      );
    });

    it('keeps what was applied over the end of the process', async () => {
      await projection.apply([copyOf(id, 2)]);

      const next = await fixture.reopen();
      await next.apply([copyOf(id, 1)]);

      expect(await next.find(id)).toEqual(copyOf(id, 2));
      await fixture.dispose();
      fixture = await openFixture();
      projection = fixture.writers[0]!;
    });
  });
}
