/** One operation for many documents costs the server a fraction of one for each, and most are at the same few versions. */
export function idsByVersion(versions: ReadonlyMap<string, number>): ReadonlyMap<number, readonly string[]> {
  const ids = new Map<number, string[]>();
  for (const [id, version] of versions) {
    const those = ids.get(version);
    if (those) those.push(id);
    else ids.set(version, [id]);
  }
  return ids;
}
