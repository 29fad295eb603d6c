// Tables and figures in Markdown.

/** @typedef {(value: number, moreDigits?: number) => string} Format */

/** @param {string} title @param {Array<string | undefined>} blocks @param {string} [level] */
export function section(title, blocks, level = '##') {
  return [`${level} ${title}`, ...blocks.filter(Boolean)].join('\n\n');
}

/**
 * A table. Two columns are text; of more, all are numbers but those named.
 * @param {string[]} head @param {string[][]} rows @param {number[]} [texts]
 */
export function table(head, rows, texts = [0]) {
  const rule = head.map((_, column) => (head.length === 2 || texts.includes(column) ? '---' : '---:'));
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** @type {Format} */
export function whole(value, moreDigits = 0) {
  return value.toLocaleString('en-US', { minimumFractionDigits: moreDigits, maximumFractionDigits: moreDigits });
}

/** Milliseconds: to a tenth below 100. @type {Format} */
export function ms(value, moreDigits = 0) {
  return whole(value, (value < 99.95 ? 1 : 0) + moreDigits);
}

/** @type {Format} */
export function ratio(value, moreDigits = 0) {
  return whole(value, 2 + moreDigits);
}

/** @param {string} figure */
export function parse(figure) {
  return Number(figure.replaceAll(',', ''));
}
