import { randomInt } from 'node:crypto';
import { base64sOf, type Place } from '../traces.js';
import { CARD_PREFIX, newCardNumber } from '../requests.js';

const LETTERS = 'bcdfghjkmnpqrstvwxz';
/** In each marked text of this run, and nowhere else. Without vowels: no word has it. */
const WORD = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
/** The digits that all marked card numbers begin with, whatever separates them. */
const CARD = new RegExp([...CARD_PREFIX].join('[^\\da-z]{0,6}'), 'i');
const ENCODED = [WORD, CARD_PREFIX].flatMap(base64sOf);

/** Returns a text that is short enough for every field. */
export function markedText(): string {
  return `Z${WORD}`;
}

/** Returns a card number as people write it. */
export function markedCard(separator = ''): string {
  return newCardNumber().replaceAll(/(\d{4})(?=\d)/g, `$1${separator}`);
}

/** Returns where marked texts or card numbers are, as they are, in other case or in base64, with what is around them. */
export function findMarks(places: readonly Place[]): string[] {
  return places.flatMap(([name, content]) => {
    const text = String(content);
    const folded = text.toLowerCase();
    const found = [folded.indexOf(WORD), folded.search(CARD), ...ENCODED.map((each) => text.indexOf(each))];
    return found.filter((at) => at >= 0).map((at) => `${name}: ${text.slice(Math.max(0, at - 150), at + 80)}`);
  });
}

/** The same, of card numbers only. */
export function findMarkedCards(places: readonly Place[]): string[] {
  return findMarks(places.map(([name, content]) => [name, String(content).replaceAll(new RegExp(WORD, 'gi'), '')]));
}
