import { readdirSync, readFileSync } from 'node:fs';
import type { CloudEvent } from './cloud-event.js';
import type { MessageSchema } from './message-schemas.js';
import { SEALED_PART_SCHEMA } from './sealed-part-schema.js';
import type { Upcasters } from './upcast.js';

/** The topic and the format of the events of one kind of aggregate. */
export interface EventStream {
  readonly topic: string;
  /** CloudEvents `source`. */
  readonly source: string;
  /** Prefix of event types: `accounts.customer` + `.` + `registered`. */
  readonly typePrefix: string;
  /** Name of the data member with the state after the change. */
  readonly member: string;
  /** Major version of the data's schema, by type of change. */
  readonly schemaVersions: Readonly<Record<string, number>>;
  /** Schemas of the data in every version that is in the log, and of the schemas that they refer to. */
  readonly schemas: readonly MessageSchema[];
  /** Golden samples: published messages, at least one of each version. */
  readonly samples?: readonly CloudEvent[];
  /** One for each version before those in `schemaVersions`. */
  readonly upcasters?: Upcasters;
  /** Types of change that erase personal data. */
  readonly erasing?: readonly string[];
  /**
   * The topic of the keys that seal the personal part of the data, which the schemas annotate with `x-personal`. An
   * aggregate whose own keys these are (`<kind>.keys`) is the person: the key is made with it, and destroyed with it.
   */
  readonly keys?: string;
}

/** The declaration of the events of one kind of aggregate; the rest follows from conventions. */
export interface EventStreamDeclaration extends Pick<EventStream, 'upcasters' | 'erasing' | 'keys'> {
  /** Major version of the data's schema, by type of change (in the past tense). */
  readonly types: EventStream['schemaVersions'];
  /** Folder that contains `schemas` and `samples`: `new URL('./', import.meta.url)`. */
  readonly folder: URL;
}

/**
 * Declares the events of one kind of aggregate.
 * @example eventStream('accounts.customer', { types: { registered: 2, changed: 2, erased: 1 }, folder })
 * @param kind `<context>.<aggregate>`: published on the topic `<kind>.change`, with the state as member `<aggregate>`
 */
export function eventStream(kind: string, declaration: EventStreamDeclaration): EventStream {
  const { types, folder, ...rest } = declaration;
  const [context, member] = kind.split('.') as [string, string];
  const belongs = ({ type }: CloudEvent) => type.startsWith(`${kind}.`);
  const sealedPart = rest.keys === undefined ? [] : [SEALED_PART_SCHEMA];
  return {
    topic: `${kind}.change`,
    source: `/${context}`,
    typePrefix: kind,
    member,
    schemaVersions: types,
    schemas: [...(jsonFiles(new URL('schemas/', folder)) as MessageSchema[]), ...sealedPart],
    samples: (jsonFiles(new URL('samples/', folder)) as CloudEvent[]).filter(belongs),
    ...rest,
  };
}

/** Returns true if the aggregates of the stream are the persons themselves, and have the keys. */
export function ownsKeys({ keys, typePrefix }: Pick<EventStream, 'keys' | 'typePrefix'>): boolean {
  return keys === `${typePrefix}.keys`;
}

function jsonFiles(folder: URL): unknown[] {
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown);
}
