/** A member with such a name holds a card number, whatever its value looks like. */
const NAME = /^(?:card)?number$/i;
/** 12 to 19 digits, optionally separated by spaces or hyphens. */
const DIGITS = /\d(?:[ -]*\d){11,18}/g;

/** Digits of a card number that is in use today; cards on file may be older and have 12. */
const [MIN_DIGITS, MAX_DIGITS] = [13, 19];
/** Our own ids, of which one in some thousands would have a valid check digit. */
const UUID = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi;
/** Digits with the separators that people write between them. */
const DIGIT_GROUPS = /\d+(?:[\s\p{Pd}]+\d+)*/gu;

/**
 * Returns whether a text contains what may be a card number: whole groups of digits, 13 to 19 digits together, with a
 * valid Luhn check digit. Other numbers of this length have one by chance, one in ten.
 * @example
 * hasCardNumber('4111 1111-1111 1111, 12/30'); // true
 */
export function hasCardNumber(text: string): boolean {
  return (text.replaceAll(UUID, '').match(DIGIT_GROUPS) ?? []).some((found) => {
    const groups = found.match(/\d+/g) ?? [];
    return groups.some((group, first) => {
      // No card's number begins with zero (ISO/IEC 7812).
      if (group.startsWith('0')) return false;
      let digits = '';
      for (let next = first; next < groups.length && digits.length < MAX_DIGITS; next += 1) {
        digits += String(groups[next]);
        if (digits.length >= MIN_DIGITS && digits.length <= MAX_DIGITS && passesLuhn(digits)) return true;
      }
      return false;
    });
  });
}

/**
 * Returns whether the digits of an id contain a card number, whatever separates them; an id may be a hexadecimal one with
 * more digits.
 */
export function idHasCardNumber(id: string): boolean {
  return (id.replaceAll(/[^\da-z]/gi, '').match(/\d+/g) ?? []).some((digits) => {
    for (let first = 0; first + MIN_DIGITS <= digits.length; first += 1) {
      for (let length = MIN_DIGITS; length <= MAX_DIGITS && first + length <= digits.length; length += 1) {
        if (passesLuhn(digits.slice(first, first + length))) return true;
      }
    }
    return false;
  });
}

/** Returns whether a part of a path may be a card number, whatever separates its digits. UUIDs are none. */
export function pathHasCardNumber(path: string): boolean {
  return path.split('/').some((part) => idHasCardNumber(decode(part).replaceAll(UUID, '')));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Returns a JSON value in which each card number is reduced to its last four digits, the only ones that are stored.
 * A card number is the value of a member named like one, or any digits with a valid Luhn check digit.
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
