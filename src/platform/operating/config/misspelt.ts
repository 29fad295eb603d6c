/** Shorter names must match more closely: they resemble many unrelated variables. */
const SHORT_NAME_LENGTH = 8;

/**
 * Returns a line for each variable with nearly the name of a setting: a misspelt setting would silently have no effect.
 * @param variables names of the environment variables
 * @param settings names of the known settings
 */
export function misspeltWarnings(variables: readonly string[], settings: readonly string[]): string[] {
  return variables.flatMap((variable) => {
    if (settings.includes(variable)) return [];
    const nearest = nearestName(variable.toUpperCase(), settings, SHORT_NAME_LENGTH);
    return nearest === undefined ? [] : [`${variable}: unknown setting; did you mean ${nearest}?`];
  });
}

/**
 * Returns the name most similar to a word; undefined if none is close.
 * @param shortLength names shorter than this may differ by one edit, others by two
 */
export function nearestName(word: string, names: readonly string[], shortLength: number): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ name, distance }) => distance <= (name.length < shortLength ? 1 : 2))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** Returns the Levenshtein distance, or 3 when the lengths alone differ by more than 2. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const [left, above, before] = [next[j - 1], row[j], row[j - 1]] as [number, number, number];
      next.push(Math.min(left + 1, above + 1, before + (letter === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) as number;
}
