import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changedPointers, escapePointer } from './changed-pointers.js';

describe('changed pointers', () => {
  it.each([
    ['equal values', { a: { b: [1, 2] } }, { a: { b: [1, 2] } }, []],
    ['a changed member', { a: 1, b: 2 }, { a: 1, b: 3 }, ['/b']],
    ['an added member, by itself', { a: 1 }, { a: 1, b: { c: 2 } }, ['/b']],
    ['a removed member, by itself', { a: 1, b: { c: 2 } }, { a: 1 }, ['/b']],
    ['what is inside of a member', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 9, d: 2 } } }, ['/a/b/c']],
    ['several members', { a: 1, b: 2, c: 3 }, { a: 2, b: 2, d: 4 }, ['/a', '/c', '/d']],
    ['items of an array, by position', { a: [1, 2, 3] }, { a: [1, 9, 3, 4] }, ['/a/1', '/a/3']],
    ['a member that is of another kind', { a: { b: 1 }, c: [1] }, { a: [1], c: 'x' }, ['/a', '/c']],
    ['null as a value', { a: null, b: 1 }, { a: 1, b: null }, ['/a', '/b']],
    ['undefined as no member', { a: undefined }, {}, []],
    ['the whole, where it is no object', 1, 2, ['']],
    ['names with / and ~', { 'a/b': { '~': 1 } }, { 'a/b': { '~': 2 } }, ['/a~1b/~0']],
    ['names that every object knows', {}, { toString: 1, constructor: 2 }, ['/toString', '/constructor']],
  ])('name %s', (_, before, after, pointers) => {
    expect(changedPointers(before, after)).toEqual(pointers);
  });

  it('are none exactly where nothing differs', () => {
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(changedPointers(before, structuredClone(before))).toEqual([]);
        const differs = JSON.stringify(sorted(before)) !== JSON.stringify(sorted(after));
        expect(changedPointers(before, after).length > 0).toBe(differs);
      }),
    );
  });

  it('escape ~ before /', () => {
    expect(escapePointer('~/~1')).toBe('~0~1~01');
  });
});

/** With the names of every object in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: entries.map(([name, member]) => [name, sorted(member)]) };
}
