/** Members that are called so have a card's number, whatever it looks like. */
const NAME = /^(?:card)?number$/i;
/** 12 to 19 digits, perhaps with blanks or dashes between. */
const DIGITS = /\d(?:[ -]*\d){11,18}/g;

/**
 * A JSON value with no more of each card number than its last four digits, which is what is kept of a card: of every
 * member that is called so, and of every text or number that has digits with a right check digit, wherever it is.
 */
export function withoutCardNumbers(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(DIGITS, (found) => (passesLuhn(found) ? lastFour(found) : found));
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && passesLuhn(String(value)) ? lastFour(String(value)) : value;
  if (Array.isArray(value)) return value.map(withoutCardNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      String(withoutCardNumbers(name)),
      NAME.test(name) && isText(member) ? lastFour(String(member)) : withoutCardNumbers(member),
    ]),
  );
}

function isText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function lastFour(text: string): string {
  return `card ${text.replaceAll(/\D/g, '').slice(-4)}`;
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits.at(-1 - index));
    sum += index % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return digits.length >= 12 && digits.length <= 19 && sum % 10 === 0;
}
