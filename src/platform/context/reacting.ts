import type { Container } from 'inversify';
import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { withCause } from '../tools/request-context.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Projector, ReactionDeclaration, Reactor } from './declaration.js';
import type { Token } from './token.js';

/** A message as one part of a context has read it, and the event that it was read from. */
export interface Read {
  readonly event: CloudEvent;
  readonly message: unknown;
}

/** One of the things that a context does about the events of a topic. */
export interface Part {
  readonly topic: string;
  read(event: CloudEvent, record: LoggedRecord): unknown;
  apply(messages: readonly Read[], lease: Lease): Promise<void>;
}

/** What a replay repeats of a reaction. */
export function projectingOf({ topic, read, project }: ReactionDeclaration, container: Container): Part {
  return {
    topic,
    read: project ? read : () => undefined,
    apply: (messages) => projectAll(container, project, messages),
  };
}

/** All of a reaction, as it runs in a service. */
export function reactingOf({ topic, read, project, react }: ReactionDeclaration, container: Container): Part {
  return {
    topic,
    read,
    apply: async (messages, lease) => {
      await projectAll(container, project, messages);
      if (!react) return;
      const reactor = container.get<Reactor<unknown>>(react);
      for (const { event, message } of messages) {
        await withCause(event, () => reactor.execute(message, lease));
      }
    },
  };
}

async function projectAll(
  container: Container,
  project: Token<Projector<unknown>> | undefined,
  messages: readonly Read[],
): Promise<void> {
  if (project) await container.get<Projector<unknown>>(project).execute(messages.map(({ message }) => message));
}

/** What is done about events that take personal data out, beside what the parts do. */
export interface Erasing {
  readonly erasing: ReadonlySet<string>;
  onErased(): Promise<void>;
}

/** One subscription a topic, whatever is done about its events: each part gets what it can read, in order. */
export function subscriptionsOf(group: string, parts: readonly Part[], erasing?: Erasing): Subscription[] {
  const topics = new Set(parts.map(({ topic }) => topic));
  return [...topics].map((topic) =>
    subscriptionOf(
      group,
      topic,
      parts.filter((part) => part.topic === topic),
      erasing,
    ),
  );
}

interface Message {
  readonly event: CloudEvent;
  readonly readings: readonly unknown[];
}

function subscriptionOf(group: string, topic: string, parts: readonly Part[], erasing?: Erasing): Subscription {
  const subscription: Subscription<Message> = {
    topic,
    group,
    read: (event, record) => {
      const readings = parts.map((part) => part.read(event, record));
      return readings.some((reading) => reading !== undefined) ? { event, readings } : undefined;
    },
    react: async (messages, lease) => {
      for (const [index, part] of parts.entries()) {
        const read = messages.map(({ event, readings }) => ({ event, message: readings[index] }));
        const meant = read.filter(({ message }) => message !== undefined);
        if (meant.length > 0) await part.apply(meant, lease);
      }
      if (erasing && messages.some(({ event }) => erasing.erasing.has(event.type))) await erasing.onErased();
    },
  };
  return subscription as Subscription;
}
