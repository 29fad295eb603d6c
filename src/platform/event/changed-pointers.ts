/**
 * Returns JSON Pointers (RFC 6901) of the differences between two JSON values: of members that were added or removed,
 * and, recursively, of differences in members that both have.
 */
export function changedPointers(before: unknown, after: unknown, at = ''): string[] {
  if (before === after) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) return [at];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const pointer = `${at}/${escapePointer(name)}`;
    const [was, is] = [before[name], after[name]];
    if (was === undefined && is === undefined) return [];
    return was === undefined || is === undefined ? [pointer] : changedPointers(was, is, pointer);
  });
}

/** Escapes one reference token of a JSON Pointer. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
