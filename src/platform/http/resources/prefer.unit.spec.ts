import { describe, expect, it } from '@jest/globals';
import { parsePreferWait } from './prefer.js';

describe('Prefer: wait', () => {
  it.each([
    ['wait=5', 5],
    ['wait = 5', 5],
    ['WAIT=5', 5],
    ['wait="5"', 5],
    ['respond-async, wait=5', 5],
    ['wait=5, respond-async', 5],
    ['respond-async; wait=5', 5],
    ['wait=0', 0],
  ])('returns the seconds: %s', (header, seconds) => {
    expect(parsePreferWait(header)).toBe(seconds);
  });

  it.each(['wait=11', 'wait=999999'])('returns at most ten: %s', (header) => {
    expect(parsePreferWait(header)).toBe(10);
  });

  it.each([undefined, '', 'wait', 'wait=', 'wait=abc', 'wait=-1', 'wait=1.5', 'await=5', 'return=minimal'])(
    'returns 0 if absent or malformed: %s',
    (header) => {
      expect(parsePreferWait(header)).toBe(0);
    },
  );
});
