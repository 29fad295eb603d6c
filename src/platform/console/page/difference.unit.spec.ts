import { expect, it } from '@jest/globals';
import { differences } from './difference.js';

it('finds members that differ, are new or are gone, by their JSON Pointers', () => {
  const before = { name: { first: 'Ada', last: 'Lovelace' }, tags: ['a', 'b'], 'x/y~z': 1 };
  const after = { name: { first: 'Ada', last: 'King' }, tags: ['a'], 'x/y~z': 2, version: 2 };
  expect(differences(before, after)).toEqual([
    { pointer: '/name/last', before: 'Lovelace', after: 'King' },
    { pointer: '/tags/1', before: 'b', after: undefined },
    { pointer: '/x~1y~0z', before: 1, after: 2 },
    { pointer: '/version', before: undefined, after: 2 },
  ]);
});

it('finds nothing in equal values, and everything in a value that was forgotten', () => {
  expect(differences({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
  expect(differences({ a: 1 }, undefined)).toEqual([{ pointer: '', before: { a: 1 }, after: undefined }]);
});
