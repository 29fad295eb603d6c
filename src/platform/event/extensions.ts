/** Attributes of an event beside those that every event has: CloudEvents extensions, all text. */
export type Extensions = Readonly<Record<string, string>>;

const OF_EVERY_EVENT = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data'],
  ...['sequence', 'actor', 'prevhash', 'hash'],
]);

/** The attributes of an event that are kept nowhere else; undefined when there are none. */
export function extensionsOf(event: object): Extensions | undefined {
  const more = Object.entries(event).filter(([name, value]) => !OF_EVERY_EVENT.has(name) && typeof value === 'string');
  return more.length > 0 ? (Object.fromEntries(more) as Extensions) : undefined;
}

/** Says that an event was put back into a log that had lost it, or stands for ones that cannot be made again. */
const REPUBLISHED = 'republished';
const RESOLVES = 'resolves';

/** Of an event that stands for ones before it which the log has lost. */
export const STANDS_FOR_LOST: Extensions = { [REPUBLISHED]: 'true' };

/** Headers of the record of an event that was put back as it was: the event itself has to stay as it is, for its hash. */
export const PUT_BACK = { [REPUBLISHED]: 'true' } as const;

/** True for an event that has {@link STANDS_FOR_LOST}. */
export function standsForLost(event: object): boolean {
  return REPUBLISHED in event;
}

/** True for the headers of {@link PUT_BACK}. */
export function isPutBack(headers: object): boolean {
  return REPUBLISHED in headers;
}

/** Of an event that ends a fork: these are the hashes of the newest events on the branches that were given up. */
export function resolving(hashes: readonly string[]): Extensions {
  return { [RESOLVES]: hashes.join(' ') };
}

/** The hashes that {@link resolving} put there. */
export function resolvedBy(event: object): readonly string[] | undefined {
  const value = (event as Record<string, unknown>)[RESOLVES];
  return typeof value === 'string' ? value.split(' ') : undefined;
}
