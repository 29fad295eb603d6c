// What the pictures of the report are drawn with.

/** @typedef {{ ticks: number[], y: (value: number) => number }} Scale y: 0 at the bottom, 1 at the top */

export const INK = '#1f2328';
export const FAINT = '#57606a';

/**
 * An SVG that needs nothing else, on a card of its own, so that it can be read on a light page and on a dark one.
 * @param {{ width: number, height: number, title: string, description: string, content: string }} picture
 */
export function svg({ width, height, title, description, content }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif" font-size="12">
<title id="title">${title}</title>
<desc id="description">${description}</desc>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="#ffffff" stroke="#d0d7de"/>
${content}
</svg>
`;
}

/** From 0 to a round number that no value is above. @param {number[]} values @returns {Scale} */
export function linear(values) {
  const largest = Math.max(1, ...values);
  const step = roundUp(largest / 6);
  const count = Math.ceil(largest / step);
  const top = count * step;
  return {
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
    y: (value) => value / top,
  };
}

/** The smallest of 1, 2, 5, 10, 20 and so on that is not below. @param {number} value */
export function roundUp(value) {
  const power = Math.floor(Math.log10(value));
  const found = [1, 2, 5, 10].map((factor) => decimal(factor, power)).find((round) => round >= value);
  return found ?? decimal(10, power);
}

/** As the literal would be, which 2 * 10 ** -1 is not always. @param {number} factor @param {number} power */
export function decimal(factor, power) {
  return Number(`${factor}e${power}`);
}

/**
 * @param {number} x @param {number} y @param {string} content
 * @param {{ anchor?: 'start' | 'middle' | 'end', fill?: string, weight?: number, size?: number }} [look]
 */
export function text(x, y, content, { anchor = 'start', fill = FAINT, weight = 400, size = 12 } = {}) {
  return `<text x="${digits(x)}" y="${digits(y)}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}" font-size="${size}">${content}</text>`;
}

/** To a tenth. @param {number} value */
export function digits(value) {
  return Math.round(value * 10) / 10;
}
