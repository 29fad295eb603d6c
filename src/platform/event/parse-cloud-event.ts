import type { CloudEvent } from './cloud-event.js';

/**
 * A record that can never be applied, with the reason. The reason contains no values, because it is stored and logged.
 * @example
 * throw new UnreadableRecord('subject and sequence are not those of data/customer');
 */
export class UnreadableRecord extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'UnreadableRecord';
  }
}

const REQUIRED = ['id', 'source', 'type', 'subject', 'time', 'dataschema', 'sequence'] as const;

/** Parses a record. @throws UnreadableRecord when it is not a CloudEvent of this system's event contract */
export function parseCloudEvent({ value }: { readonly value: Buffer | null }): CloudEvent {
  if (value === null) throw new UnreadableRecord('it has no value');
  return parseEventText(value.toString('utf8'));
}

/** Parses the text of a record's value. @throws UnreadableRecord as {@link parseCloudEvent} */
export function parseEventText(text: string): CloudEvent {
  const event = parseObject(text);
  if (event.specversion !== '1.0') throw new UnreadableRecord('not a CloudEvent 1.0');
  for (const name of REQUIRED) {
    if (typeof event[name] !== 'string' || event[name] === '') throw new UnreadableRecord(`CloudEvent without ${name}`);
  }
  if (!/^[1-9]\d{0,14}$/.test(event.sequence as string)) throw new UnreadableRecord('sequence is not a version');
  return event as unknown as CloudEvent;
}

/** Parses a record; undefined for one that is no event. */
export function tryParse(record: { readonly value: Buffer | null }): CloudEvent | undefined {
  try {
    return parseCloudEvent(record);
  } catch {
    return undefined;
  }
}

/** Returns the major version in a CloudEvent's `dataschema`. @throws UnreadableRecord when there is none */
export function majorVersionOf({ type, dataschema }: Pick<CloudEvent, 'type' | 'dataschema'>): number {
  const prefix = `urn:schema:${type}:v`;
  const major = dataschema.startsWith(prefix) ? dataschema.slice(prefix.length) : '';
  if (!/^[1-9]\d{0,5}$/.test(major)) throw new UnreadableRecord('dataschema names no version of its type');
  return Number(major);
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the record.
    throw new UnreadableRecord('not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UnreadableRecord('not a JSON object');
  }
  return parsed as Record<string, unknown>;
}
