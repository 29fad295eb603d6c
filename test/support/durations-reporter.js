import path from 'node:path';

const SLOWEST = 10;

/** Prints at the end of a run how long each project took, and its slowest files. */
export default class DurationsReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, { testResults }) {
    if (testResults.length < SLOWEST) return;
    for (const line of summaryOf(testResults)) console.error(line);
  }
}

/**
 * @param {readonly { testFilePath: string, displayName?: { name: string }, perfStats: { runtime: number } }[]} results
 * @returns {string[]} seconds are of all files together, whichever ran at the same time
 */
export function summaryOf(results) {
  const projects = grouped(results);
  return [...projects].flatMap(([project, files]) => {
    const total = files.reduce((sum, { perfStats }) => sum + perfStats.runtime, 0);
    const slowest = [...files].sort((a, b) => b.perfStats.runtime - a.perfStats.runtime).slice(0, SLOWEST);
    return [
      '',
      `${project}: ${files.length} files, ${inSeconds(total)} s; the slowest:`,
      ...slowest.map(
        ({ testFilePath, perfStats }) =>
          `${inSeconds(perfStats.runtime).padStart(8)} s  ${path.relative(process.cwd(), testFilePath)}`,
      ),
    ];
  });
}

/** @template {{ displayName?: { name: string } }} Result @param {readonly Result[]} results */
function grouped(results) {
  /** @type {Map<string, Result[]>} */
  const groups = new Map();
  for (const result of results) groups.set(projectOf(result), [...(groups.get(projectOf(result)) ?? []), result]);
  return groups;
}

/** @param {{ displayName?: { name: string } }} result */
function projectOf({ displayName }) {
  return displayName?.name ?? 'tests';
}

/** @param {number} milliseconds */
function inSeconds(milliseconds) {
  return (milliseconds / 1000).toFixed(1);
}
