import {
  findDeadLetter,
  groupDeadLetters,
  type ListedDeadLetter,
  listDeadLetters,
} from '../consuming/browse-dead-letters.js';
import { discardSelected } from '../consuming/discard.js';
import { redriveSelected } from '../consuming/redrive.js';
import type { Selection } from '../consuming/select-dead-letters.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Bus } from '../log/bus.js';
import { PlatformError } from '../tools/errors.js';
import type { EventView } from './api.js';
import type { LetterOutcome, LetterPage, LettersOfTopic, LetterState, LetterView } from './letters-api.js';
import type { ConsumingModule } from './console-system.js';
import { type Opening, viewOf } from './show-event.js';

/** A module's dead letters of one topic. */
export interface Letters {
  readonly module: ConsumingModule;
  readonly subscription: Subscription;
}

/** Returns the numbers of dead letters of all subscriptions, and what the pending ones have in common. */
export async function letterGroups(bus: Bus, modules: readonly ConsumingModule[]): Promise<readonly LettersOfTopic[]> {
  const all = modules.flatMap(({ module, subscriptions }) =>
    subscriptions.map(async (subscription): Promise<LettersOfTopic> => {
      const { counts } = await listDeadLetters(bus, subscription, { limit: 0 });
      const { topic } = subscription;
      if (counts.pending === 0) return { module, topic, counts, reasons: [], types: [] };
      const [reasons, types] = await Promise.all([
        groupDeadLetters(bus, subscription, 'reason', 'pending'),
        groupDeadLetters(bus, subscription, 'type', 'pending'),
      ]);
      return { module, topic, counts, reasons: reasons.map(named), types: types.map(named) };
    }),
  );
  return Promise.all(all);
}

function named<Group extends { readonly name: string | undefined }>({ name, ...group }: Group) {
  return { ...group, ...(name !== undefined && { name }) };
}

/** Returns a module's dead letters of a topic. @throws PlatformError `not-found` when it does not consume that topic */
export function lettersOf(modules: readonly ConsumingModule[], name: string, topic: string): Letters {
  const module = modules.find((each) => each.module === name);
  const subscription = module?.subscriptions.find((each) => each.topic === topic);
  if (module && subscription) return { module, subscription };
  throw new PlatformError(
    'not-found',
    'not-here',
    `${name} does not run in this process, or does not consume ${topic}`,
  );
}

/** Returns a page of dead letters. @param after `next` of the page before */
export async function letterPage(
  bus: Bus,
  { module: { positions }, subscription }: Letters,
  query: {
    readonly state?: LetterState | undefined;
    readonly reason?: string | undefined;
    readonly after?: string | undefined;
  },
): Promise<LetterPage> {
  const { items, next } = await listDeadLetters(bus, subscription, { ...query, limit: 50, positions });
  return { items: items.map(toView), ...(next !== undefined && { next }) };
}

function toView({ id, latest, state, isHealed, discarded }: ListedDeadLetter): LetterView {
  const { key, event, reason, attempts, time, bytes } = latest;
  const { type, version } = event ?? {};
  return {
    ...{ id, reason, attempts, time, bytes, state, isHealed },
    ...(key && { key: String(key) }),
    ...(type !== undefined && type !== '' && { type }),
    ...(version !== undefined && { version }),
    ...(discarded && { discarded }),
  };
}

/** Returns the original record of a dead letter. @throws PlatformError `not-found` */
export async function showLetter(
  bus: Bus,
  { subscription }: Letters,
  id: string,
  opening: Opening,
): Promise<EventView> {
  const found = await findDeadLetter(bus, subscription, id);
  if (found?.original) return viewOf(found.original, opening);
  throw new PlatformError(
    'not-found',
    'not-found',
    'there is no such dead letter, or its record is not in the log any more',
  );
}

/** Applies dead letters again. Returns the outcome of each. */
export function redriveLetters(
  bus: Bus,
  { subscription }: Letters,
  selection: Selection,
  signal: AbortSignal,
): Promise<readonly LetterOutcome[]> {
  return redriveSelected(bus, subscription, selection, signal);
}

/** Gives dead letters up. Returns the outcome of each. @throws PlatformError `discard-reason-invalid` */
export function discardLetters(
  bus: Bus,
  { subscription }: Letters,
  selection: Selection,
  why: { readonly reason: string; readonly actor: string | undefined },
  signal: AbortSignal,
): Promise<readonly LetterOutcome[]> {
  const { reason, actor } = why;
  return discardSelected(bus, subscription, selection, { reason, ...(actor !== undefined && { actor }) }, signal);
}

/** Returns the numbers of outcomes as a sentence: `2 redriven, 1 failed`. */
export function summaryOf(outcomes: readonly LetterOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'nothing was selected';
}
