import { expect, it } from '@jest/globals';
import { randomBytes } from './random.js';

it('never gives the same bytes twice, and changes none that it gave', () => {
  const given = Array.from({ length: 2_000 }, (_, index) => randomBytes(8 + (index % 9)));
  const asGiven = given.map((bytes) => bytes.toString('hex'));

  Array.from({ length: 2_000 }, () => randomBytes(16));

  expect(given.map(({ length }) => length)).toEqual(given.map((_, index) => 8 + (index % 9)));
  expect(given.map((bytes) => bytes.toString('hex'))).toEqual(asGiven);
  expect(new Set(asGiven.map((hex) => hex.slice(0, 16))).size).toBe(given.length);
});
