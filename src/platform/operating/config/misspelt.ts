/** Settings with fewer letters are close to all sorts of other variables. */
const SHORT_SETTING = 8;

/**
 * A line for each variable whose name is nearly that of a setting: a setting that is misspelt is as good as not set.
 * @param variables names in the environment
 * @param settings names that mean something
 */
export function misspeltWarnings(variables: readonly string[], settings: readonly string[]): string[] {
  return variables.flatMap((variable) => {
    if (settings.includes(variable)) return [];
    const nearest = nearestName(variable.toUpperCase(), settings, SHORT_SETTING);
    return nearest === undefined ? [] : [`${variable}: there is no such setting; did you mean ${nearest}?`];
  });
}

/**
 * The name that is spelt most like a word; undefined where none is close.
 * @param short names with fewer letters may differ in one, others in two
 */
export function nearestName(word: string, names: readonly string[], short: number): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ name, distance }) => distance <= (name.length < short ? 1 : 2))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** How many letters have to be added, taken away or replaced (Levenshtein); more than 2 is as good as 3. */
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
