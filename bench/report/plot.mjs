// Draws what the commands' measurements gave as an SVG that needs nothing else: docs/performance.svg.

import { decimal, digits, INK, linear, roundUp, svg, text } from './svg.mjs';

/** @typedef {'http-only' | 'emmett' | 'naive' | 'ours'} Subject */
/** @typedef {{ subject: Subject, rate: number, p50: number, p99: number }} Result p50 and p99 in milliseconds */
/** @typedef {{ connections: number, results: Result[] }} Commands */
/** @typedef {import('./svg.mjs').Scale} Scale */

export const SUBJECTS = Object.freeze(/** @type {const} */ (['http-only', 'emmett', 'naive', 'ours']));
export const LABELS = Object.freeze({
  'http-only': 'HTTP only (constant answer)',
  emmett: 'Emmett, no Kafka',
  naive: 'naive dual write',
  ours: 'this project',
});

// Of the Okabe-Ito palette and a grey; the marks' shapes and the dashes tell them apart without colours.
const LOOKS = Object.freeze({
  'http-only': { colour: '#5f6368', width: 1.75, dashes: '6 4', mark: triangle },
  emmett: { colour: '#009e73', width: 1.75, dashes: '2 3', mark: diamond },
  naive: { colour: '#d55e00', width: 1.75, dashes: '', mark: square },
  ours: { colour: '#0072b2', width: 3.5, dashes: '', mark: circle },
});
const SIZE = { width: 860, height: 380 };
const PANEL = { top: 88, width: 345, height: 230, lefts: [68, 487] };
const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/**
 * An SVG with rates on the left and 99th percentiles on the right, over the numbers of connections.
 * @param {readonly Commands[]} commands
 */
export function plot(commands) {
  const [rates = 0, latencies = 0] = PANEL.lefts;
  return svg({
    ...SIZE,
    title: 'Commands per second and p99 latency by number of connections',
    description: describe(commands),
    content: `${legend()}
${panel(commands, rates, 'Commands per second', 'rate', linear)}
${panel(commands, latencies, 'p99 latency, ms (log scale)', 'p99', logarithmic)}`,
  });
}

/** All figures in words, for those who do not see the picture. @param {readonly Commands[]} commands */
function describe(commands) {
  const sentences = commands.map(({ connections, results }) => {
    const parts = results.map(
      ({ subject, rate, p99 }) =>
        `${LABELS[subject]} ${number.format(Math.round(rate))} commands per second, p99 ${p99.toFixed(1)} ms`,
    );
    return `With ${connections} ${connections === 1 ? 'connection' : 'connections'}: ${parts.join('; ')}.`;
  });
  return sentences.join(' ') || 'Nothing was measured.';
}

function legend() {
  const starts = { ours: 68, naive: 218, emmett: 392, 'http-only': 572 };
  const entries = [...SUBJECTS].reverse().map((subject) => {
    const [x, y] = [starts[subject], 30];
    const line = path(subject, [
      [x, y],
      [x + 36, y],
    ]);
    return `${line}${LOOKS[subject].mark(x + 18, y, LOOKS[subject].colour)}${text(x + 44, y + 4, LABELS[subject], { fill: INK })}`;
  });
  return `<g>${entries.join('\n')}</g>`;
}

/**
 * @param {readonly Commands[]} commands @param {number} left @param {string} title @param {'rate' | 'p99'} of
 * @param {(values: number[]) => Scale} toScale
 */
function panel(commands, left, title, of, toScale) {
  const scale = toScale(commands.flatMap(({ results }) => results.map((result) => result[of])));
  const bottom = PANEL.top + PANEL.height;
  const x = (/** @type {number} */ index) => left + ((index + 0.5) * PANEL.width) / Math.max(1, commands.length);
  const y = (/** @type {number} */ value) => bottom - scale.y(value) * PANEL.height;

  const grid = scale.ticks.map((tick) => {
    const line = `<line x1="${left}" x2="${left + PANEL.width}" y1="${digits(y(tick))}" y2="${digits(y(tick))}" stroke="#d8dee4" stroke-width="1"/>`;
    return `${line}${text(left - 8, y(tick) + 4, number.format(tick), { anchor: 'end' })}`;
  });
  const categories = commands.map(({ connections }, index) =>
    text(x(index), bottom + 20, String(connections), { anchor: 'middle' }),
  );
  const lines = SUBJECTS.map((subject) => {
    const points = commands.flatMap(({ results }, index) => {
      const result = results.find((each) => each.subject === subject);
      return result ? [/** @type {const} */ ([x(index), y(result[of])])] : [];
    });
    const { mark, colour } = LOOKS[subject];
    return `<g>${path(subject, points)}${points.map(([atX, atY]) => mark(atX, atY, colour)).join('')}</g>`;
  });
  return `<g>
${text(left, 66, title, { fill: INK, weight: 600, size: 14 })}
${grid.join('\n')}
<line x1="${left}" x2="${left + PANEL.width}" y1="${bottom}" y2="${bottom}" stroke="#8c959f" stroke-width="1"/>
${categories.join('\n')}
${text(left + PANEL.width / 2, bottom + 42, 'connections', { anchor: 'middle' })}
${lines.join('\n')}
</g>`;
}

/** Between two of 1, 2, 5, 10, 20 and so on that hold all values. @param {number[]} values @returns {Scale} */
function logarithmic(values) {
  const least = 0.01;
  const smallest = Math.max(least, Math.min(...values, Infinity));
  const from = Number.isFinite(smallest) ? roundDown(smallest) : 1;
  const ticks = [from];
  for (let last = from; last < Math.max(least, ...values) || ticks.length < 2; ticks.push(last)) last = above(last);
  const top = ticks.at(-1) ?? from;
  return {
    // So many that they would touch: powers of ten alone.
    ticks: ticks.length <= 12 ? ticks : ticks.filter((tick) => Number.isInteger(digits(Math.log10(tick)))),
    y: (value) => Math.log(Math.max(value, from) / from) / Math.log(top / from),
  };
}

/** The next of 1, 2, 5, 10, 20 and so on. @param {number} value */
function above(value) {
  return roundUp(value * 1.01);
}

/** The largest of 1, 2, 5, 10, 20 and so on that is not above. @param {number} value */
function roundDown(value) {
  const power = Math.floor(Math.log10(value));
  const found = [5, 2, 1].map((factor) => decimal(factor, power)).find((round) => round <= value);
  return found ?? decimal(1, power);
}

/** @param {Subject} subject @param {ReadonlyArray<readonly [number, number]>} points */
function path(subject, points) {
  const { colour, width, dashes } = LOOKS[subject];
  const dashed = dashes && ` stroke-dasharray="${dashes}"`;
  const shown = points.map(([x, y]) => `${digits(x)},${digits(y)}`).join(' ');
  return `<polyline points="${shown}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dashed}/>`;
}

/** @param {number} x @param {number} y @param {string} colour */
function circle(x, y, colour) {
  return `<circle cx="${digits(x)}" cy="${digits(y)}" r="5.5" fill="${colour}" stroke="#ffffff"/>`;
}

/** @param {number} x @param {number} y @param {string} colour */
function square(x, y, colour) {
  return `<rect x="${digits(x - 4.5)}" y="${digits(y - 4.5)}" width="9" height="9" fill="${colour}" stroke="#ffffff"/>`;
}

/** @param {number} x @param {number} y @param {string} colour */
function triangle(x, y, colour) {
  const points = `${digits(x)},${digits(y - 6)} ${digits(x + 6)},${digits(y + 4.5)} ${digits(x - 6)},${digits(y + 4.5)}`;
  return `<polygon points="${points}" fill="${colour}" stroke="#ffffff"/>`;
}

/** @param {number} x @param {number} y @param {string} colour */
function diamond(x, y, colour) {
  const points = `${digits(x)},${digits(y - 6)} ${digits(x + 6)},${digits(y)} ${digits(x)},${digits(y + 6)} ${digits(x - 6)},${digits(y)}`;
  return `<polygon points="${points}" fill="${colour}" stroke="#ffffff"/>`;
}
