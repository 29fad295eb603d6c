import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acceptCards } from '../src/accounts/domain/card.js';
import { hasCardNumber, withoutCardNumbers } from '../src/platform/tools/card-numbers.js';

const card = (number: string) => ({ type: 'PRIMARY' as const, number, expiration: '12/30', nameOnCard: 'A' });

/** Numbers that are right, as people write them. */
const numbers = fc
  .record({
    digits: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 11, maxLength: 18 }),
    separators: fc.array(fc.constantFrom('', '', ' ', '-', ' - '), { minLength: 20, maxLength: 20 }),
  })
  .map(({ digits, separators }) => {
    const sum = [...digits]
      .reverse()
      .reduce((all, digit, i) => all + (i % 2 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit), 0);
    return (
      [...digits, (10 - (sum % 10)) % 10].map((digit, i) => `${separators[i]}${digit}`).join('') +
      String(separators[19])
    );
  });

describe('a request without card numbers', () => {
  it('has nothing of any number that is taken for one but its last four digits, wherever it is', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom('number', 'other', 'text'), (number, name) => {
        expect(acceptCards([card(number)], []).broken).toEqual([]);
        const digits = number.replaceAll(/\D/g, '');
        const other = digits.replace(/^./, (first) => String((Number(first) + 1) % 10));
        const without = JSON.stringify(withoutCardNumbers({ a: [{ [name]: number, [number]: 1 }] }));
        expect(without.replaceAll(/[ -]/g, '')).not.toContain(digits.slice(0, -4));
        expect(without).toContain(digits.slice(-4));
        // What the name tells needs no check digit.
        expect(withoutCardNumbers({ number: other })).toEqual(withoutCardNumbers({ number: digits }));
      }),
    );
  });

  it.each([
    ['in a text', { a: 'my card 4111 1111-1111 1111, thanks' }, { a: 'my card card 1111, thanks' }],
    ['as a number', [4111111111111111], ['card 1111']],
    ['as the whole body', '4111111111111111', 'card 1111'],
    ['that is no text', { number: { deep: 4111111111111111 } }, { number: { deep: 'card 1111' } }],
  ])('has none %s', (_where, body, without) => {
    expect(withoutCardNumbers(body)).toEqual(without);
  });

  it('is as it was where there is none', () => {
    const body = {
      id: '4111111111111112',
      ean: 4006381333931,
      phone: '+1 555 0100',
      n: 1.5,
      t: true,
      none: null,
      a: [],
    };
    expect(withoutCardNumbers(body)).toEqual(body);
  });

  it('is found at once in what is made to take long', () => {
    // With a search that goes back and forth, each of these would take minutes.
    const long = [`1${' '.repeat(20_000)}`.repeat(11), '1 '.repeat(200_000), '-'.repeat(400_000)];
    expect(withoutCardNumbers(long)).toEqual([long[0], expect.any(String), long[2]]);
  });
});

describe('a text', () => {
  it.each([
    '4111111111111111',
    'card 4111 1111 1111 1111, 12/30',
    '4111-1111-1111-1111 12 30',
    '4111\u00a01111\u20131111 1111',
    'no. 7: 378282246310005',
    '4222222222222',
    '6304 9506 0000 0000 000',
  ])('has a card number: %j', (text) => {
    expect(hasCardNumber(text)).toBe(true);
  });

  it.each([
    '',
    '4111111111111112',
    '+1 202 555 0100',
    '411111111111',
    '41111111111111110000',
    '0000000000000000',
    '0411 1111 1111 1116',
    // Its last groups have a valid check digit.
    '01a20699-0298-778c-9411-111111111111',
    '41111111-1111-1111-9411-111111111111',
    '2026-11-27T06:00:00.000Z',
    'SW1Y 4JH',
    '12 St James Square, 2nd floor',
  ])('has none: %j', (text) => {
    expect(hasCardNumber(text)).toBe(false);
  });

  it('has none after ten thousand digits that take long to search', () => {
    expect(hasCardNumber('1 '.repeat(10_000))).toBe(false);
  });
});
