import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './cursor.js';

const sort = [['createdAt', 'descending']] as const;
const place = ['2026-01-01T00:00:00.000Z', 'order-1'];

describe('a cursor', () => {
  it('gives back the place that it was made of', () => {
    expect(decodeCursor(encodeCursor('orders', place), 'orders', sort)).toEqual(place);
  });

  it('can be put into a URL as it is', () => {
    expect(encodeCursor('orders', ['ÿ?>~', '😀'])).toMatch(/^[\w-]+$/);
  });

  it('is no place when there is none', () => {
    expect(decodeCursor(undefined, 'orders', sort)).toBeUndefined();
  });

  it.each([
    ['of another list', encodeCursor('customers', place)],
    ['of another order', encodeCursor('orders', ['x', ...place])],
    ['cut short', encodeCursor('orders', place).slice(0, -5)],
    ['of other kinds of values', Buffer.from('["orders",{"$gt":""},1]').toString('base64url')],
    ['no list at all', Buffer.from('{"a":1}').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
    ['empty', ''],
    ['not base64', '%%%'],
  ])('is refused as malformed when it is %s', (_, cursor) => {
    const decode = () => decodeCursor(cursor, 'orders', sort);

    expect(decode).toThrow(expect.objectContaining({ kind: 'malformed', code: 'invalid-cursor' }));
  });
});
