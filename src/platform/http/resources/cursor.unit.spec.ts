import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './cursor.js';

const place = ['2026-01-01T00:00:00.000Z', 'order-1'];

describe('a cursor', () => {
  it('decodes to the place that it encodes', () => {
    expect(decodeCursor(encodeCursor('orders', place), 'orders')).toEqual(place);
  });

  it('needs no escaping in a URL', () => {
    expect(encodeCursor('orders', ['ÿ?>~', '😀'])).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['of another list', encodeCursor('customers', place)],
    ['cut short', encodeCursor('orders', place).slice(0, -5)],
    ['of other kinds of values', Buffer.from('["orders",{"$gt":""},1]').toString('base64url')],
    ['no list at all', Buffer.from('{"a":1}').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
    ['empty', ''],
    ['not base64', '%%%'],
  ])('is refused as malformed when it is %s', (_, cursor) => {
    const decode = () => decodeCursor(cursor, 'orders');

    expect(decode).toThrow(expect.objectContaining({ kind: 'malformed', code: 'invalid-cursor' }));
  });
});
