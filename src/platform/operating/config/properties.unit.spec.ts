import { describe, expect, it } from '@jest/globals';
import { parseProperties } from './properties.js';

describe('a properties file', () => {
  it.each<[string, Record<string, string>]>([
    ['a=b', { a: 'b' }],
    ['  a : b c ', { a: 'b c ' }],
    ['a b=c', { a: 'b=c' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['a=b\r\nc=d\re=f\n', { a: 'b', c: 'd', e: 'f' }],
    ['# a=b\n ! c=d\n\n   \ne=f', { e: 'f' }],
    ['a=b#c', { a: 'b#c' }],
    ['a=b\\\n   c\\\n  #d', { a: 'bc#d' }],
    ['a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
    ['a\\=b\\ c=d', { 'a=b c': 'd' }],
    ['a=\\u0041\\t\\:\\"\\\\', { a: 'A\t:"\\' }],
    ['a=1\na=2', { a: '2' }],
    ['\ufeffa=b', { a: 'b' }],
    ['a=b\\', { a: 'b' }],
    ['', {}],
  ])('is parsed as in Java: %j', (content, expected) => {
    expect(Object.fromEntries(parseProperties(content))).toEqual(expected);
  });
});
