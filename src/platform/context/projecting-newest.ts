import type { Container } from 'inversify';
import { parseEventText, UnreadableRecord } from '../event/parse-cloud-event.js';
import { type LateLimits, LateStates, type LoggedEvent, type RestoreStates } from '../rebuilding/late-states.js';
import { isNotStorable } from '../tools/errors.js';
import type { Opened } from '../privacy/open-events.js';
import type { ReactionDeclaration } from './declaration.js';
import type { PersonKeys } from './person-keys.js';
import { type Part, projectAll, type Read } from './reacting.js';

/**
 * Returns the part of a reaction that a replay repeats, for a rebuild: only the newest event of each aggregate is opened
 * and projected. Undefined if other events matter, too, so that all have to be projected in order.
 */
export function projectingNewestOf(
  { topic, needs, needsEach, erasing = [], read, project }: ReactionDeclaration,
  container: Container,
  keys: PersonKeys | undefined,
  limits?: LateLimits,
): Part | undefined {
  // Nothing follows an erasure, so it is the newest.
  const isNewestEnough = needs !== undefined && needsEach?.every((type) => erasing.includes(type)) === true;
  if (!project || !isNewestEnough) return undefined;
  const types = new Set(Object.keys(needs).map(typeOf));

  const messageOf = (event: Opened): unknown => {
    try {
      return event instanceof UnreadableRecord ? undefined : read(event);
    } catch (error) {
      // Why is told when the aggregate's events are projected one by one.
      if (error instanceof UnreadableRecord) return undefined;
      throw error;
    }
  };
  const projectSome: RestoreStates = async (states) => {
    const sealed = states.map(({ text }) => parseEventText(text));
    const opened = (await keys?.open(sealed)) ?? sealed;
    const readable: Read[] = [];
    const unread: string[] = [];
    for (const [index, event] of sealed.entries()) {
      const message = messageOf(opened[index] as Opened);
      if (message === undefined) unread.push(event.subject);
      else readable.push({ event, message });
    }
    try {
      await projectAll(container, project, readable);
      return unread;
    } catch (error) {
      if (!isNotStorable(error)) throw error;
      return sealed.map(({ subject }) => subject);
    }
  };
  const late = new LateStates(projectSome, undefined, limits);
  return {
    ...{ topic, readsSealed: true },
    read: ({ type }, { value, offset }) => (types.has(type) ? { value, offset } : undefined),
    apply: async (messages) => {
      await keys?.dropErased(messages.map(({ event }) => event));
      for (const { event, message } of messages) late.add(event, message as LoggedEvent);
      await late.trim();
    },
    settle: () => late.settle(),
  };
}

/** Returns the event type of a `dataschema`: `urn:schema:orders.order.placed:v1`. */
function typeOf(dataschema: string): string | undefined {
  return /^urn:schema:(.+):v\d+$/.exec(dataschema)?.[1];
}
