import type { DeadLetter } from './dead-letters.js';

/** The dead letters that a command works on. */
export type Selection =
  /** That one, whatever its state is. */
  | { readonly id: string }
  /** All pending ones of records with this key. */
  | { readonly key: Buffer }
  /** All pending ones with this reason. */
  | { readonly reason: string }
  /** All pending ones. */
  | { readonly all: true };

/** Returns the selected ones of the dead letters, in their order. */
export function select(deadLetters: readonly DeadLetter[], selection: Selection): readonly DeadLetter[] {
  if ('id' in selection) return deadLetters.filter(({ id }) => id === selection.id);
  const pending = deadLetters.filter(({ state }) => state === 'pending');
  if ('key' in selection) return pending.filter(({ latest }) => latest.key?.equals(selection.key));
  if ('reason' in selection) return pending.filter(({ latest }) => latest.reason === selection.reason);
  return pending;
}
