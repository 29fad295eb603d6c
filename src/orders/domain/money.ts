import { Big } from 'big.js';

/** An exact amount: a decimal string, with as many places as it is to be shown with. */
export interface Money {
  readonly amount: string;
  /** ISO 4217 */
  readonly currency: string;
}

/** The sum of prices times quantities, with as many places as the most exact price. All share one currency. */
export function totalOf(lines: readonly { readonly price: Money; readonly quantity: number }[]): string {
  const places = Math.max(0, ...lines.map(({ price }) => placesOf(price.amount)));
  return lines
    .reduce((sum, { price, quantity }) => sum.plus(new Big(price.amount).times(quantity)), new Big(0))
    .toFixed(places);
}

function placesOf(amount: string): number {
  return amount.includes('.') ? amount.length - amount.indexOf('.') - 1 : 0;
}
