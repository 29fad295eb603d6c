import { type CloudEvent, dataschemaOf } from './cloud-event.js';
import { majorVersionOf, UnreadableRecord } from './parse-cloud-event.js';

/**
 * Converts an event's data from one major version of its schema to the next. Returns a new value; may throw for data
 * that is not of its version.
 */
export type Upcaster = (data: unknown) => unknown;

/** The upcasters of a reader, by the `dataschema` that they convert from. */
export type Upcasters = Readonly<Record<string, Upcaster>>;

/**
 * Returns the event with its data converted to a major version; in the envelope, only `dataschema` changes.
 * @param newest the major version of the event's type that the reader supports
 * @throws UnreadableRecord when the event's version cannot be converted to it
 * @example
 * const { data } = upcast(event, customerUpcasters, 2);
 */
export function upcast(event: CloudEvent, upcasters: Upcasters, newest: number): CloudEvent {
  const { type } = event;
  const stated = majorVersionOf(event);
  if (stated === newest) return event;
  refuseUnknown(type, stated, newest);
  let { data } = event;
  for (let major = stated; major < newest; major++) {
    const lift = upcasters[dataschemaOf(type, major)];
    if (!lift) throw new UnreadableRecord(`nothing lifts major version ${major} of ${type} to the next`);
    try {
      data = lift(data);
    } catch {
      // Without the upcaster's message, which may quote the data.
      throw new UnreadableRecord(`data is not of major version ${major} of ${type}`);
    }
  }
  return { ...event, dataschema: dataschemaOf(type, newest), data };
}

/** @throws UnreadableRecord for a major version that is newer than the newest that the reader supports */
export function refuseUnknown(type: string, major: number, newest: number): void {
  if (major > newest) throw new UnreadableRecord(`major version ${major} of ${type} is not known here`);
}
