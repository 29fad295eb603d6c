import type { BrokenRule } from './errors.js';

export type CardType = 'PRIMARY' | 'ALTERNATE';

// The stored part of a card. The number itself gets no further than acceptCards.
export interface CreditCard {
  readonly type: CardType;
  /** @maxLength 200 */
  readonly description?: string;
  /**
   * @maxLength 20
   * @pattern ^[A-Z]+$
   */
  readonly brand: string;
  /**
   * The last four digits.
   * @maxLength 4
   * @pattern ^[0-9]{4}$
   */
  readonly last4: string;
  /**
   * MM/YY
   * @maxLength 5
   * @pattern ^(0[1-9]|1[0-2])/[0-9]{2}$
   */
  readonly expiration: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  readonly nameOnCard: string;
}

/**
 * At most one card of each type. A new card needs its `number`, which is validated and then discarded. A card already
 * on file may be sent back as it was read, without its number.
 */
export interface CreditCardInput {
  readonly type: CardType;
  /** @maxLength 200 */
  readonly description?: string;
  /**
   * 12 to 19 digits with a valid Luhn check digit; spaces and hyphens are ignored.
   * @format card-number
   * @maxLength 40
   * @pattern ^[-\x20]*([0-9][-\x20]*){12,19}$
   */
  readonly number?: string;
  /**
   * Must match the number, or the card on file.
   * @maxLength 20
   * @pattern ^[A-Z]+$
   */
  readonly brand?: string;
  /**
   * The last four digits. Required without a `number`.
   * @maxLength 4
   * @pattern ^[0-9]{4}$
   */
  readonly last4?: string;
  /**
   * MM/YY
   * @maxLength 5
   * @pattern ^(0[1-9]|1[0-2])/[0-9]{2}$
   */
  readonly expiration: string;
  /**
   * @minLength 1
   * @maxLength 200
   */
  readonly nameOnCard: string;
}

/** Validates the cards and discards their numbers. @param held the cards that the customer has now */
export function acceptCards(
  cards: readonly CreditCardInput[],
  held: readonly CreditCard[],
): { cards: CreditCard[]; broken: BrokenRule[] } {
  const broken: BrokenRule[] = [];
  const accepted = cards.map((card, index) => {
    const result = card.number === undefined ? keepCard(card, held) : newCard(card, card.number);
    if ('message' in result) broken.push({ pointer: `/creditCards/${index}/${result.field}`, message: result.message });
    return result;
  });
  return { cards: accepted.filter((card) => !('message' in card)) as CreditCard[], broken };
}

interface Refusal {
  readonly field: string;
  readonly message: string;
}

function newCard({ brand, last4, ...card }: CreditCardInput, number: string): CreditCard | Refusal {
  const digits = number.replaceAll(/[ -]/g, '');
  if (!/^\d{12,19}$/.test(digits) || !passesLuhn(digits)) {
    return { field: 'number', message: 'is not a valid card number' };
  }
  const kept = { brand: brandOf(digits), last4: digits.slice(-4) };
  if (brand !== undefined && brand !== kept.brand) return { field: 'brand', message: 'does not match the number' };
  if (last4 !== undefined && last4 !== kept.last4) return { field: 'last4', message: 'does not match the number' };
  return describe(card, kept);
}

function keepCard(card: CreditCardInput, held: readonly CreditCard[]): CreditCard | Refusal {
  if (card.last4 === undefined) return { field: 'number', message: 'is required for a new card' };
  const same = held.find(
    ({ last4, brand, expiration, nameOnCard }) =>
      last4 === card.last4 &&
      (card.brand === undefined || brand === card.brand) &&
      expiration === card.expiration &&
      nameOnCard === card.nameOnCard,
  );
  return same ? describe(card, same) : { field: 'last4', message: 'matches no card on file; send the number' };
}

function describe(
  card: Omit<CreditCardInput, 'number'>,
  { brand, last4 }: { brand: string; last4: string },
): CreditCard {
  const { type, description, expiration, nameOnCard } = card;
  return { type, ...(description !== undefined && { description }), brand, last4, expiration, nameOnCard };
}

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The issuer ranges that the card networks publish; the first match counts. */
const BRANDS: readonly (readonly [brand: string, range: RegExp])[] = [
  ['VISA', /^4/],
  ['MASTERCARD', /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/],
  ['AMEX', /^3[47]/],
  ['DINERS', /^3(0[0-5]|[689])/],
  ['DISCOVER', /^(6011|64[4-9]|65)/],
  ['JCB', /^35(2[89]|[3-8])/],
  ['UNIONPAY', /^62/],
  ['MAESTRO', /^(50|5[6-9]|6)/],
];

function brandOf(digits: string): string {
  return BRANDS.find(([, range]) => range.test(digits))?.[0] ?? 'OTHER';
}
