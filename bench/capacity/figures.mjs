// Reads figures from the generated docs/performance.md, so that no other page states a different one.

export const NOT_MEASURED = 'not measured';

/**
 * Where a figure is: in a table, by the title of its section, its column and the first cells of its row; or in a sentence,
 * by a pattern with one group.
 * @typedef {{ section: string, column: string, row: readonly string[] } | { section: string, sentence: RegExp }} Place
 */

/**
 * Returns a function that reads figures of a page: NaN for one that the page calls not measured. It throws if a figure is
 * not there.
 * @param {string} page Markdown @returns {(place: Place) => number}
 */
export function figuresIn(page) {
  const parts = page.split(/^## /m).slice(1);
  const sections = new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part]));
  return (place) => {
    const text = sections.get(place.section) ?? '';
    const found = 'sentence' in place ? place.sentence.exec(text)?.[1] : cellOf(text, place);
    if (found === NOT_MEASURED) return Number.NaN;
    const figure = Number.parseFloat((found ?? '').replaceAll(',', ''));
    if (Number.isNaN(figure)) throw new Error(`no such figure: ${JSON.stringify(place, patternsToText)}`);
    return figure;
  };
}

/** @param {string} section @param {{ column: string, row: readonly string[] }} place */
function cellOf(section, { column, row }) {
  for (const [head = [], , ...rows] of tablesIn(section)) {
    const cells = rows.find((each) => row.every((cell, index) => each[index] === cell));
    // The column may be one of the first cells of another table.
    if (head.includes(column) && cells) return cells[head.lastIndexOf(column)];
  }
  return undefined;
}

/** The cells of each table, line by line. @param {string} text @returns {string[][][]} */
function tablesIn(text) {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('|'));
  return blocks.map((block) =>
    block
      .trim()
      .split('\n')
      .map((line) => line.slice(1, -1).split('|'))
      .map((cells) => cells.map((cell) => cell.trim())),
  );
}

/** @param {string} _key @param {unknown} value */
function patternsToText(_key, value) {
  return value instanceof RegExp ? String(value) : value;
}
