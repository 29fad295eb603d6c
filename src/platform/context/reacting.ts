import type { Container } from 'inversify';
import type { Bus, LoggedRecord, RecordHandler } from '../log/bus.js';
import type { Lease } from '../log/lease.js';
import { readToEnd } from '../log/read-to-end.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { OpenEvents } from '../privacy/open-events.js';
import { tryParse } from '../event/parse-cloud-event.js';
import { withCause } from '../tools/request-context.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Database } from './database.js';
import type { Projector, ReactionDeclaration, Reactor } from './declaration.js';
import type { Token } from './token.js';

/** Records of each partition among which the newest event is searched. */
const NEWEST_RECORDS = 100;

/** A message, and the event that it was read from. */
export interface Read {
  readonly event: CloudEvent;
  readonly message: unknown;
}

/** One part of a context's reaction to the events of a topic. */
export interface Part {
  readonly topic: string;
  /** Opens the sealed parts of its events. */
  readonly open?: OpenEvents | undefined;
  /** Reads events as they are in the log, even if another part of the topic opens them or cannot read them. */
  readonly readsSealed?: boolean;
  read(event: CloudEvent, record: LoggedRecord): unknown;
  apply(messages: readonly Read[], lease: Lease): Promise<void>;
  /** As {@link Subscription.replaces}. */
  readonly replaces?: Subscription['replaces'];
  /** As {@link Subscription.settle}. */
  readonly settle?: () => Promise<ReadonlySet<string>>;
}

/** Returns the part of a reaction that a replay repeats. */
export function projectingOf(
  { topic, read, project }: ReactionDeclaration,
  container: Container,
  open: OpenEvents | undefined,
): Part {
  return {
    ...{ topic, open },
    read: project ? read : () => undefined,
    apply: (messages) => projectAll(container, project, messages),
  };
}

/** A reaction in a running service. */
export interface Reacting extends Part {
  /** Determines the event after which the reaction begins, if necessary. Call it before the first record is applied. */
  begin(bus: Bus, database: Pick<Database, 'keepFirst'>): Promise<void>;
}

/** Returns the whole reaction, for a running service. */
export function reactingOf(
  declaration: ReactionDeclaration,
  container: Container,
  open: OpenEvents | undefined,
): Reacting {
  const { topic, read, project, react, reactFrom = 'first' } = declaration;
  /** RFC 3339; undefined until `begin` has determined it. */
  let after = reactFrom === 'first' ? '' : undefined;
  return {
    ...{ topic, open, read },
    replaces: replacesOf(declaration),
    begin: async (bus, database) => {
      after ??= await database.keepFirst(`${nameOf(react)} after`, () => newestTime(bus, topic));
    },
    apply: async (messages, lease) => {
      await projectAll(container, project, messages);
      if (!react) return;
      const begin = after;
      if (begin === undefined) throw new Error(`the reaction to ${topic} has not begun`);
      const reactor = container.get<Reactor<unknown>>(react);
      for (const { event, message } of messages) {
        if (event.time > begin) await withCause(event, () => reactor.execute(message, lease));
      }
    },
  };
}

function replacesOf({ needs, needsEach, erasing = [] }: ReactionDeclaration): Part['replaces'] {
  if (!needs || !needsEach) return undefined;
  const lasting = new Set([...needsEach, ...erasing]);
  return (lost, { dataschema }) =>
    Object.hasOwn(needs, dataschema) && (lost === undefined ? lasting.size === 0 : !lasting.has(lost));
}

/** Returns the name of the class or token, which identifies a reaction that begins with now. */
function nameOf(react: ReactionDeclaration['react']): string {
  return typeof react === 'symbol'
    ? String(react.description)
    : typeof react === 'string'
      ? react
      : String(react?.name);
}

/**
 * Returns the timestamp of the newest event of a topic, from the log and not from this process's clock; '' if there is
 * none.
 */
async function newestTime(bus: Bus, topic: string): Promise<string> {
  let newest = '';
  const look: RecordHandler = (records) => {
    for (const record of records) {
      const { time } = tryParse(record) ?? {};
      if (time !== undefined && time > newest) newest = time;
    }
    return Promise.resolve();
  };
  // The last record may be unreadable.
  await readToEnd(bus, [topic], look, { newest: NEWEST_RECORDS });
  return newest;
}

/** Projects messages, in order. */
export async function projectAll(
  container: Container,
  project: Token<Projector<unknown>> | undefined,
  messages: readonly Read[],
): Promise<void> {
  if (project) await container.get<Projector<unknown>>(project).execute(messages.map(({ message }) => message));
}

/** Additional effects of events that erase personal data. */
export interface Erasing {
  readonly erasing: ReadonlySet<string>;
  /** Called after all parts have applied these events. */
  onErased(topic: string, events: readonly CloudEvent[]): Promise<void>;
}

/** Returns one subscription for each topic. Each part gets the messages that it reads, in order. */
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
  const reading = (isMeant: (part: Part) => boolean) => (event: CloudEvent, record: LoggedRecord) => {
    const readings = parts.map((part) => (isMeant(part) ? part.read(event, record) : undefined));
    return readings.some((each) => each !== undefined) ? { event, readings } : undefined;
  };
  const replacing = parts.flatMap(({ replaces }) => replaces ?? []);
  const settling = parts.flatMap(({ settle }) => settle ?? []);
  const subscription: Subscription<Message> = {
    topic,
    group,
    open: parts.find(({ open }) => open)?.open,
    read: reading(({ readsSealed }) => readsSealed !== true),
    readSealed: reading(({ readsSealed }) => readsSealed === true),
    react: async (messages, lease) => {
      for (const [index, part] of parts.entries()) {
        const read = messages.map(({ event, readings }) => ({ event, message: readings[index] }));
        const meant = read.filter(({ message }) => message !== undefined);
        if (meant.length > 0) await part.apply(meant, lease);
      }
      // An event that was read twice, sealed and opened, erases once.
      const erasures = new Map(
        messages.flatMap(({ event }) => (erasing?.erasing.has(event.type) ? [[event.id, event] as const] : [])),
      );
      if (erasures.size > 0) await erasing?.onErased(topic, [...erasures.values()]);
    },
    ...(replacing.length === parts.length && {
      replaces: (lost: string | undefined, later: CloudEvent) => replacing.every((replaces) => replaces(lost, later)),
    }),
    ...(settling.length > 0 && {
      settle: async () => {
        const unread = await Promise.all(settling.map((settle) => settle()));
        return new Set(unread.flatMap((ids) => [...ids]));
      },
    }),
  };
  return subscription as Subscription;
}
