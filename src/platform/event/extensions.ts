/** Additional attributes of an event: CloudEvents extensions, all of them strings. */
export type Extensions = Readonly<Record<string, string>>;

const OF_EVERY_EVENT = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data'],
  ...['sequence', 'actor', 'prevhash', 'hash', 'formerprevhash', 'formerhash', 'formerschema', 'formerdata'],
]);

/** Returns the event's attributes that are stored nowhere else; undefined if there are none. */
export function extensionsOf(event: object): Extensions | undefined {
  const more = Object.entries(event).filter(([name, value]) => !OF_EVERY_EVENT.has(name) && typeof value === 'string');
  return more.length > 0 ? (Object.fromEntries(more) as Extensions) : undefined;
}

/** Marks a restored event, or a stand-in for events that cannot be reconstructed. */
const REPUBLISHED = 'republished';
const RESOLVES = 'resolves';

/** Attributes of a stand-in for earlier events that the log has lost. */
export const STANDS_FOR_LOST: Extensions = { [REPUBLISHED]: 'true' };

/** Record headers of a restored event: the event itself is unchanged, because of its hash. */
export const PUT_BACK = { [REPUBLISHED]: 'true' } as const;

/** Returns true for an event with {@link STANDS_FOR_LOST}. */
export function standsForLost(event: object): boolean {
  return REPUBLISHED in event;
}

/** Returns true for the headers of {@link PUT_BACK}. */
export function isPutBack(headers: object): boolean {
  return REPUBLISHED in headers;
}

/**
 * Returns the attributes of an event that resolves a fork: the hashes of the newest events on the discarded branches.
 */
export function resolving(hashes: readonly string[]): Extensions {
  return { [RESOLVES]: hashes.join(' ') };
}

/** Returns the hashes from {@link resolving}. */
export function resolvedBy(event: object): readonly string[] | undefined {
  const value = (event as Record<string, unknown>)[RESOLVES];
  return typeof value === 'string' ? value.split(' ') : undefined;
}
