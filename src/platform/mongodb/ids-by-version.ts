/**
 * Groups ids by version. One update for many documents is much cheaper than one each, and most share a few versions.
 */
export function idsByVersion(versions: ReadonlyMap<string, number>): ReadonlyMap<number, readonly string[]> {
  const ids = new Map<number, string[]>();
  for (const [id, version] of versions) {
    const those = ids.get(version);
    if (those) those.push(id);
    else ids.set(version, [id]);
  }
  return ids;
}
