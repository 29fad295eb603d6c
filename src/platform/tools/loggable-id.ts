import { v7 as uuidv7 } from 'uuid';
import { idHasCardNumber } from './card-numbers.js';
import { randomBytes } from './random.js';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Returns true if an id may be logged: it is like the ones that this system makes, and no digits in it may be a card
 * number. A client may send anything in place of an id.
 */
export function isLoggableId(id: string): boolean {
  return UUID.test(id) && !idHasCardNumber(id);
}

/**
 * Returns a new id that {@link isLoggableId}; one of some hundred random ones is not. UUID version 7: ids that begin
 * with the time keep indexes dense.
 */
export function newId(): string {
  for (;;) {
    const id = uuidv7({ random: randomBytes(16) });
    if (isLoggableId(id)) return id;
  }
}
