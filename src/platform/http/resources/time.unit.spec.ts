import { describe, expect, it } from '@jest/globals';
import { parseTime } from './time.js';

describe('a time', () => {
  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23t10:00:00.123456789z', '2026-11-23T10:00:00.123Z'],
    ['2026-11-23 10:00:00.5+05:30', '2026-11-23T04:30:00.500Z'],
    ['2024-02-29T23:59:59-08:00', '2024-03-01T07:59:59.000Z'],
    ['9999-12-31T23:59:59-12:00', '9999-12-31T23:59:59.999Z'],
    ['0000-01-01T00:00:00+14:00', '0000-01-01T00:00:00.000Z'],
  ])('of RFC 3339 is converted to the form in events, which sorts as text: %s', (text, time) => {
    expect(parseTime('/at', text)).toBe(time);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T10:00:00',
    '2026-11-23',
  ])('that is invalid is refused: %s', (text) => {
    expect(() => parseTime('/at', text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});
