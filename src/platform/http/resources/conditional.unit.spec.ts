import { describe, expect, it } from '@jest/globals';
import { parseIfMatch, toETag } from './conditional.js';

describe('an entity tag', () => {
  it('is the version, strong and quoted, and can be parsed again', () => {
    expect(toETag(12)).toBe('"12"');
    expect(parseIfMatch(toETag(12))).toEqual([12]);
  });
});

describe('If-Match', () => {
  it.each([
    ['no header', undefined, undefined],
    ['a star', '*', 'any'],
    ['a star between spaces', ' * ', 'any'],
    ['one tag', '"3"', [3]],
    ['several tags', '"1", "2" ,"3"', [1, 2, 3]],
  ])('with %s allows these versions', (_, header, expected) => {
    expect(parseIfMatch(header)).toEqual(expected);
  });

  it.each(['W/"3"', '3', '"abc"', '"0"', '"03"', '"-1"', '"1.0"', '', '"9999999999999999"', '"1', "'1'"])(
    'allows no version where the tag is weak or not ours: %s',
    (header) => {
      expect(parseIfMatch(header)).toEqual([]);
    },
  );

  it('is refused if it is too long', () => {
    expect(parseIfMatch(`"${'1'.repeat(7_998)}"`)).toEqual([]);
    expect(() => parseIfMatch(`"${'1'.repeat(7_999)}"`)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('allows known tags beside unknown ones', () => {
    expect(parseIfMatch('W/"1", "2", "x"')).toEqual([2]);
  });
});
