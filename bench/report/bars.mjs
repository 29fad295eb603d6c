// Draws amounts and what they consist of: a stacked bar for each, with its figures.
import { digits, INK, linear, svg, text } from './svg.mjs';

// Of the Okabe-Ito palette, of different lightness; each part has its figure as well.
const COLOURS = Object.freeze([
  { fill: '#0072b2', ink: '#ffffff' },
  { fill: '#56b4e9', ink: INK },
  { fill: '#009e73', ink: INK },
  { fill: '#e69f00', ink: INK },
  { fill: '#cc79a7', ink: INK },
]);
const WIDTH = 860;
const BARS = { left: 236, width: 524, top: 92, height: 26, step: 36, gap: 14 };
/** Pixels that a figure in a bar needs. */
const FIGURE_WIDTH = 30;

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {string} [group] bars of one group stand together
 * @property {readonly (number | undefined)[]} values of the parts, in order; undefined where there is none
 */
/**
 * @typedef {object} Bars
 * @property {string} title
 * @property {string} unit
 * @property {readonly string[]} parts their names, in order
 * @property {readonly Bar[]} bars
 * @property {number} [decimals] of the figures; none without it
 */

/** @param {Bars} picture */
export function plotBars({ title, unit, parts, bars, decimals = 0 }) {
  const figure = new Intl.NumberFormat('en-US', { maximumFractionDigits: decimals, minimumFractionDigits: decimals });
  const scale = linear(bars.map(({ values }) => sum(values)));
  const bottom = topOf(bars, bars.length) + 4;
  const x = (/** @type {number} */ value) => BARS.left + scale.y(value) * BARS.width;
  const grid = scale.ticks.map((tick) => {
    const at = digits(x(tick));
    const line = `<line x1="${at}" x2="${at}" y1="${BARS.top - 8}" y2="${bottom}" stroke="#d8dee4" stroke-width="1"/>`;
    return `${line}${text(at, bottom + 18, tick.toLocaleString('en-US'), { anchor: 'middle' })}`;
  });
  return svg({
    ...{ width: WIDTH, height: bottom + 36, title, description: describe({ parts, bars, unit }, figure) },
    content: [
      text(24, 32, title, { fill: INK, weight: 600, size: 14 }),
      legend(parts),
      ...grid,
      ...bars.map((bar, index) => draw(bar, topOf(bars, index), x, figure)),
    ].join('\n'),
  });
}

/** @param {readonly (number | undefined)[]} values */
function sum(values) {
  return values.reduce((total = 0, value = 0) => total + value, 0) ?? 0;
}

/**
 * All figures in words, for those who do not see the picture.
 * @param {Pick<Bars, 'parts' | 'bars' | 'unit'>} picture @param {Intl.NumberFormat} figure
 */
function describe({ parts, bars, unit }, figure) {
  const sentences = bars.map(({ label, values }) => {
    const shown = parts.flatMap((part, index) => {
      const value = values[index];
      return value === undefined ? [] : [`${part} ${figure.format(value)}`];
    });
    return `${label}: ${figure.format(sum(values))} ${unit} (${shown.join(', ')}).`;
  });
  return sentences.join(' ') || 'Nothing was measured.';
}

/** @param {readonly string[]} parts */
function legend(parts) {
  return parts
    .map((part, index) => {
      const x = BARS.left + index * 110;
      const box = `<rect x="${x}" y="50" width="14" height="14" fill="${COLOURS[index]?.fill}"/>`;
      return `${box}${text(x + 20, 62, part, { fill: INK })}`;
    })
    .join('\n');
}

/** @param {readonly Bar[]} bars @param {number} index */
function topOf(bars, index) {
  const gaps = bars.slice(1, index + 1).filter(({ group }, before) => group !== bars[before]?.group).length;
  return BARS.top + index * BARS.step + gaps * BARS.gap;
}

/** @param {Bar} bar @param {number} top @param {(value: number) => number} x @param {Intl.NumberFormat} figure */
function draw({ label, values }, top, x, figure) {
  const middle = top + BARS.height / 2 + 4;
  let from = 0;
  const parts = values.map((value = 0, index) => {
    const [left, right] = [x(from), x(from + value)];
    from += value;
    const [width, colour] = [right - left, COLOURS[index]];
    const box = `<rect x="${digits(left)}" y="${top}" width="${digits(width)}" height="${BARS.height}" fill="${colour?.fill}" stroke="#ffffff"/>`;
    const inside = { anchor: /** @type {const} */ ('middle'), fill: colour?.ink ?? INK };
    return `${box}${width >= FIGURE_WIDTH ? text((left + right) / 2, middle, figure.format(value), inside) : ''}`;
  });
  const name = text(BARS.left - 10, middle, label, { anchor: 'end', fill: INK });
  const total = text(x(from) + 8, middle, figure.format(from), { fill: INK, weight: 600 });
  return `<g>${name}${parts.join('')}${total}</g>`;
}
