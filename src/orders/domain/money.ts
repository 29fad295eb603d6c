import { Big } from 'big.js';

/** @example { "amount": "19.99", "currency": "USD" } */
export interface Money {
  /**
   * Exact decimal number.
   * @maxLength 17
   * @pattern ^(0|[1-9][0-9]{0,11})([.][0-9]{1,4})?$
   */
  readonly amount: string;
  /**
   * ISO 4217 currency code.
   * @maxLength 3
   * @pattern ^[A-Z]{3}$
   */
  readonly currency: string;
}

// Not Money: a total may have more digits than a price.
export interface Total {
  /**
   * Exact decimal number.
   * @maxLength 30
   * @pattern ^[0-9]+([.][0-9]{1,4})?$
   */
  readonly amount: string;
  /**
   * ISO 4217 currency code.
   * @maxLength 3
   * @pattern ^[A-Z]{3}$
   */
  readonly currency: string;
}

/** Returns the sum of price times quantity, with the decimal places of the most precise price. Expects one currency. */
export function totalOf(lines: readonly { readonly price: Money; readonly quantity: number }[]): string {
  const places = Math.max(0, ...lines.map(({ price }) => placesOf(price.amount)));
  return lines
    .reduce((sum, { price, quantity }) => sum.plus(new Big(price.amount).times(quantity)), new Big(0))
    .toFixed(places);
}

function placesOf(amount: string): number {
  return amount.includes('.') ? amount.length - amount.indexOf('.') - 1 : 0;
}
