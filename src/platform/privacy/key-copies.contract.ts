import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StoredKey, WrappedKey } from './data-key.js';
import type { KeyCopies } from './key-source.js';

export interface KeyCopiesFixture {
  /** The same copies, as so many processes have them that may use them at once. */
  readonly writers: readonly KeyCopies[];
  /** Closes all, and returns the copies of a process that is started afterwards. */
  reopen(): Promise<KeyCopies>;
  dispose(): Promise<void>;
}

const AT = '2026-11-24T08:00:00.000Z';
const LATER = '2026-11-25T08:00:00.000Z';

const keyNumber = (number: number): WrappedKey => ({ kid: `kid ${number}`, wrapped: `wrapped ${number}`, master: 'm' });

/** What is true of every place for copies of keys. */
export function keyCopiesContract(name: string, openFixture: () => Promise<KeyCopiesFixture>): void {
  describe(`${name} as copies of keys`, () => {
    let fixture: KeyCopiesFixture;
    let copies: KeyCopies;
    let ada: string;
    let bob: string;

    beforeAll(async () => {
      fixture = await openFixture();
      copies = fixture.writers[0]!;
    });
    afterAll(() => fixture.dispose());
    beforeEach(() => {
      [ada, bob] = [`ada-${randomUUID()}`, `bob-${randomUUID()}`];
    });

    const put = (person: string, number: number, to = copies) => to.put(new Map([[person, keyNumber(number)]]));
    const shred = (person: string, at = AT, of = copies) => of.shred(new Map([[person, at]]));
    const found = async (person: string, by = copies): Promise<StoredKey | undefined> =>
      (await by.find([person])).get(person);

    it('have no key that was not put', async () => {
      await put(ada, 1);
      expect(await copies.find([bob])).toEqual(new Map());
      expect(await copies.find([])).toEqual(new Map());
      expect(await copies.find([ada, bob])).toEqual(new Map([[ada, keyNumber(1)]]));
    });

    it('have the newest key of each person', async () => {
      await copies.put(
        new Map([
          [ada, keyNumber(1)],
          [bob, keyNumber(2)],
        ]),
      );
      await put(ada, 3);
      expect(await copies.find([ada, bob])).toEqual(
        new Map([
          [ada, keyNumber(3)],
          [bob, keyNumber(2)],
        ]),
      );
    });

    it('say who has a key now and was unknown before', async () => {
      const both = new Map([
        [ada, keyNumber(1)],
        [bob, keyNumber(2)],
      ]);
      await put(ada, 3);
      expect(await copies.put(both)).toEqual(new Set([bob]));
      expect(await copies.put(both)).toEqual(new Set());
      await copies.remove([ada]);
      await shred(bob);
      expect(await copies.put(both)).toEqual(new Set());
      expect(await copies.put(new Map())).toEqual(new Set());
    });

    it('take nothing, remove nothing and shred nothing if there is nothing to do', async () => {
      await put(ada, 1);
      await copies.put(new Map());
      await copies.remove([]);
      await copies.shred(new Map());
      await copies.remove([bob]);
      expect(await found(ada)).toEqual(keyNumber(1));
    });

    it('lose a key that is removed, and may have it again', async () => {
      await put(ada, 1);
      await copies.remove([ada]);
      expect(await found(ada)).toBeUndefined();
      await put(ada, 1);
      expect(await found(ada)).toEqual(keyNumber(1));
    });

    it('remember whose key was removed, as long as there is no other', async () => {
      await put(ada, 1);
      expect(await copies.removed([ada, bob])).toEqual(new Set());
      await copies.remove([ada, bob]);
      expect(await copies.find([ada, bob])).toEqual(new Map());
      expect(await copies.removed([ada, bob, 'nobody'])).toEqual(new Set([ada, bob]));
      await put(ada, 2);
      await shred(bob);
      expect(await copies.removed([ada, bob])).toEqual(new Set());
    });

    it('never have a key again that was shredded', async () => {
      await put(ada, 1);
      await shred(ada);
      expect(await found(ada)).toEqual({ shreddedAt: AT });
      await put(ada, 1);
      await put(ada, 2);
      await copies.remove([ada]);
      await put(ada, 1);
      expect(await found(ada)).toEqual({ shreddedAt: AT });
    });

    it('take no key of a person who was shredded before the key arrived', async () => {
      await shred(ada);
      await put(ada, 1);
      expect(await found(ada)).toEqual({ shreddedAt: AT });
    });

    it('take the others that are put together with one that is shredded', async () => {
      await shred(ada);
      await copies.put(
        new Map([
          [ada, keyNumber(1)],
          [bob, keyNumber(2)],
        ]),
      );
      expect(await copies.find([ada, bob])).toEqual(
        new Map<string, StoredKey>([
          [ada, { shreddedAt: AT }],
          [bob, keyNumber(2)],
        ]),
      );
    });

    it('keep the time of the first erasure', async () => {
      await shred(ada);
      await shred(ada, LATER);
      expect(await found(ada)).toEqual({ shreddedAt: AT });
    });

    it('end shredded, whatever is put and removed at the same time by any process', async () => {
      const persons = Array.from({ length: 30 }, (_, index) => `person-${index}-${randomUUID()}`);
      await Promise.all(
        persons.flatMap((person, index) => {
          const writer = (shift: number) => fixture.writers[(index + shift) % fixture.writers.length]!;
          const steps = [
            () => put(person, 1, writer(0)),
            () => shred(person, AT, writer(1)),
            () => put(person, 2, writer(1)),
            () => writer(0).remove([person]),
          ];
          return [...steps.slice(index % 4), ...steps.slice(0, index % 4)].map((step) => step());
        }),
      );
      expect(await copies.find(persons)).toEqual(new Map(persons.map((person) => [person, { shreddedAt: AT }])));
    });

    it('have one of the keys that are put at the same time', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => put(ada, index, fixture.writers[index % fixture.writers.length])),
      );
      expect(await found(ada)).toMatchObject({ master: 'm' });
    });

    // The last one: it closes them.
    it('are there for the next process', async () => {
      await put(ada, 1);
      await shred(bob);
      const reopened = await fixture.reopen();
      expect(await found(ada, reopened)).toEqual(keyNumber(1));
      expect(await found(bob, reopened)).toEqual({ shreddedAt: AT });
      await put(bob, 1, reopened);
      expect(await found(bob, reopened)).toEqual({ shreddedAt: AT });
    });
  });
}
