import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acceptCards, passesLuhn } from './card.js';

const card = { type: 'PRIMARY', expiration: '12/30', nameOnCard: 'Ada' } as const;

describe('a card number', () => {
  // Test numbers that the card networks publish.
  it.each([
    ['4111111111111111', 'VISA'],
    ['5555555555554444', 'MASTERCARD'],
    ['2223003122003222', 'MASTERCARD'],
    ['378282246310005', 'AMEX'],
    ['6011111111111117', 'DISCOVER'],
    ['3056930009020004', 'DINERS'],
    ['3566002020360505', 'JCB'],
    ['6205500000000000004', 'UNIONPAY'],
  ])('%s is accepted as %s', (number, brand) => {
    const { cards, broken } = acceptCards([{ ...card, number }], []);
    expect(broken).toEqual([]);
    expect(cards).toEqual([{ ...card, brand, last4: number.slice(-4) }]);
  });

  it.each(['', '4', '411111111111111', '4111111111111112', '41111111111111111111', 'abcd1111111111111'])(
    '%p is refused',
    (number) => {
      const { broken } = acceptCards([{ ...card, number }], []);
      expect(broken).toEqual([{ pointer: '/creditCards/0/number', message: 'is not a valid card number' }]);
    },
  );

  it('with one digit changed fails the Luhn check', () => {
    const digits = fc.array(fc.nat(9), { minLength: 12, maxLength: 18 }).map((all) => all.join(''));
    fc.assert(
      fc.property(digits, fc.nat(11), fc.integer({ min: 1, max: 9 }), (payload, at, by) => {
        const valid = Array.from({ length: 10 }, (_, check) => `${payload}${check}`).find(passesLuhn) as string;
        const changed = valid.slice(0, at) + String((Number(valid[at]) + by) % 10) + valid.slice(at + 1);
        expect(passesLuhn(changed)).toBe(false);
      }),
    );
  });
});
