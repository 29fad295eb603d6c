/**
 * JSON Pointers (RFC 6901) of what differs between two JSON values: a member that was added or removed is named
 * itself, a member that both have is looked into.
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

/** One reference token of a JSON Pointer. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
