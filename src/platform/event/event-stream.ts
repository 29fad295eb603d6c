import { readdirSync, readFileSync } from 'node:fs';
import type { CloudEvent } from './cloud-event.js';
import type { MessageSchema } from './message-schemas.js';
import type { Upcasters } from './upcast.js';

/** Where the events of one kind of aggregate go, and what they are like there. */
export interface EventStream {
  readonly topic: string;
  /** CloudEvents `source`. */
  readonly source: string;
  /** What goes before a change's own type: `accounts.customer` + `.` + `registered`. */
  readonly typePrefix: string;
  /** The member of an event's data that is the state after the change. */
  readonly member: string;
  /** Major version of the data's schema, per type of change. */
  readonly schemaVersions: Readonly<Record<string, number>>;
  /** Of the data, in every version that is on the log, and of what they refer to. */
  readonly schemas: readonly MessageSchema[];
  /** Messages as they were published, at least one of each version. */
  readonly samples?: readonly CloudEvent[];
  /** For each version before those of `schemaVersions`. */
  readonly upcasters?: Upcasters;
  /** The types of change that take personal data out. */
  readonly erasing?: readonly string[];
}

/** What a context says of the events of one kind of aggregate; the rest follows from the conventions of the contract. */
export interface EventStreamDeclaration extends Pick<EventStream, 'upcasters' | 'erasing'> {
  /** By type of change in the past tense, the major version of the data's schema. */
  readonly types: EventStream['schemaVersions'];
  /** Has the folders `schemas` and `samples`: use `new URL('./', import.meta.url)`. */
  readonly folder: URL;
}

/**
 * The events of one kind of aggregate.
 * @example eventStream('accounts.customer', { types: { registered: 2, changed: 2, erased: 1 }, folder })
 * @param kind `<context>.<aggregate>`: published on the topic `<kind>.change`, with the state as member `<aggregate>`
 */
export function eventStream(kind: string, declaration: EventStreamDeclaration): EventStream {
  const { types, folder, ...rest } = declaration;
  const [context, member] = kind.split('.') as [string, string];
  const belongs = ({ type }: CloudEvent) => type.startsWith(`${kind}.`);
  return {
    topic: `${kind}.change`,
    source: `/${context}`,
    typePrefix: kind,
    member,
    schemaVersions: types,
    schemas: jsonFiles(new URL('schemas/', folder)) as MessageSchema[],
    samples: (jsonFiles(new URL('samples/', folder)) as CloudEvent[]).filter(belongs),
    ...rest,
  };
}

function jsonFiles(folder: URL): unknown[] {
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown);
}
