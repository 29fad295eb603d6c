// Numbers for readers: two or three digits, because the assumptions are no better.
import { NOT_MEASURED } from './figures.mjs';

/** @param {number} value @param {number} digits */
function rounded(value, digits) {
  return Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** @param {number} value */
export function about(value) {
  return rounded(value, value >= 100 && value < 1_000 ? 3 : 2);
}

/** @param {number} value */
export function gigabytes(value) {
  if (Number.isNaN(value)) return NOT_MEASURED;
  return value >= 1_000 ? `${about(value / 1_000)} TB` : `${about(value)} GB`;
}

/** @param {number} value */
export function hours(value) {
  if (Number.isNaN(value)) return NOT_MEASURED;
  if (value >= 48) return `${about(value / 24)} days`;
  return value >= 1 ? `${about(value)} h` : `${about(value * 60)} min`;
}

/** @param {number} value */
export function usd(value) {
  return `$${rounded(value, 2)}`;
}

/** @param {number} value @param {string} unit */
export function amount(value, unit) {
  if (unit === 'GB') return gigabytes(value);
  return unit === 'hours' ? hours(value) : `${about(value)} ${unit}`;
}

/** @param {number} value of events or customers */
export function many(value) {
  if (value >= 1e9) return `${about(value / 1e9)} billion`;
  return value >= 1e6 ? `${about(value / 1e6)} million` : about(value);
}

/** The option of an input: `ordersPerYear` is `--orders-per-year`. @param {string} name */
export function optionOf(name) {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
