/** Sections that every report has. */
const COMMON = ['Performance', 'Goals', 'Run it', 'Machine'];
const UNKNOWN = '| not measured |';

/**
 * Returns a page with the sections that a run of some parts has measured, in place of its own, and with their goals.
 * @param {string} page @param {string} fresh the report of that run
 * @throws Error when the two were measured on different machines
 */
export function merge(page, fresh) {
  const [before, after] = [sectionsOf(page), sectionsOf(fresh)];
  const machineOf = (/** @type {Map<string, string>} */ sections) =>
    (sections.get('Machine') ?? '').replace(/^\| date \|.*$/m, '');
  if (machineOf(before) !== machineOf(after))
    throw new Error('the page was measured on another machine: run all parts');
  const merged = [...before].map(([title, text]) => {
    if (title === 'Goals') return mergeGoals(text, after.get(title) ?? '');
    return (COMMON.includes(title) ? undefined : after.get(title)) ?? text;
  });
  const added = [...after].flatMap(([title, text]) => (before.has(title) ? [] : [text]));
  // The last one is about the process.
  merged.splice(-1, 0, ...added);
  return `${merged.join('').trimEnd()}\n`;
}

/** By title, each with its heading and what follows. @param {string} page @returns {Map<string, string>} */
function sectionsOf(page) {
  const texts = page.split(/^(?=#{1,2} )/m);
  return new Map(texts.map((text) => [/^#+ (.*)$/m.exec(text)?.[1] ?? '', `${text.trimEnd()}\n\n`]));
}

/** The goals of today, as far as they were measured before or now. @param {string} before @param {string} after */
function mergeGoals(before, after) {
  const known = before.split('\n').filter((line) => line.startsWith('| '));
  const byGoal = new Map(known.map((line) => [goalOf(line), line]));
  return after
    .split('\n')
    .map((line) => (line.endsWith(UNKNOWN) ? (byGoal.get(goalOf(line)) ?? line) : line))
    .join('\n');
}

/** @param {string} row */
function goalOf(row) {
  return row.split(' | ')[0];
}
