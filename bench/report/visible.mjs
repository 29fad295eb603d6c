// Words and draws how long a change needs to the other context.
import { plotBars } from './bars.mjs';
import { ms, table, whole } from './markdown.mjs';
import { LABELS } from './plot.mjs';

/** @typedef {'one after another' | 'idle' | 'at 70 %'} Load */
/** @typedef {{ subject: 'naive' | 'ours', load: Load, rate: number, samples: number }} Sampled */
/** @typedef {{ p50: number, p99: number, max: number }} Latency milliseconds */
/** @typedef {{ backlogBegin?: number, backlogEnd?: number, stages?: import('../load/stages.mjs').Stages }} Details */
/** @typedef {Sampled & Latency & Details} Visible */

/** In the order of time. @type {Readonly<Record<keyof import('../load/stages.mjs').Stages, string>>} */
const STAGES = Object.freeze({
  relay: 'in the relay',
  publish: 'publish',
  fetch: 'fetch',
  apply: 'apply',
  answer: 'answer',
});
const NAMES = /** @type {(keyof typeof STAGES)[]} */ (Object.keys(STAGES));

/** @param {readonly Visible[]} visible */
export function visiblePart(visible) {
  const rows = visible.map(({ subject, load, rate, p50, p99, max, samples, backlogBegin, backlogEnd }) => [
    load,
    LABELS[subject],
    whole(rate),
    ...[p50, p99, max].map((value) => ms(value)),
    whole(samples),
    backlogBegin === undefined ? '' : whole(backlogBegin),
    backlogEnd === undefined ? '' : whole(backlogEnd),
  ]);
  const figures = ['commands/s', 'p50, ms', 'p99, ms', 'max, ms', 'samples', 'backlog, begin', 'backlog, end'];
  return [
    `Milliseconds from the acknowledgement in accounts to the response of orders that waits for its copy of the customer (\`Prefer: wait\`). *One after another* registers the next customer as soon as the copy of the last one is there; *idle* pauses for 20 ms between two; *at 70 %* is measured during a load of 70 % of the subject's own maximum throughput. The naive dual write looks for the copy each 10 ms. The backlog is the number of events that orders had not consumed at the beginning and at the end: it stays constant if orders keeps up.`,
    table(['load', 'subject', ...figures], rows, [0, 1]),
    ...stagesPart(visible),
  ];
}

/** @param {readonly Visible[]} visible */
function stagesPart(visible) {
  const staged = visible.flatMap(({ load, stages }) => (stages ? [{ load, stages }] : []));
  if (staged.length === 0) return [];
  return [
    '![Where the time goes, by stage](performance-stages.svg)',
    `Where the time goes, by the spans of both services; medians of each stage, in milliseconds. *In the relay* ends when the relay begins to publish; *publish* when Kafka has confirmed the event, and the key of a new person before it; *fetch* when orders begins to handle it, after the key; *apply* when the copy is durable; *answer* when the response is sent. Recording the spans makes all of them a little longer.`,
    table(
      ['load', ...NAMES.map((name) => STAGES[name])],
      staged.map(({ load, stages }) => [load, ...NAMES.map((name) => ms(stages[name]))]),
    ),
  ];
}

/** The picture: docs/performance-stages.svg. @param {readonly Visible[]} visible */
export function plotStages(visible) {
  return plotBars({
    title: 'From acknowledged to visible, milliseconds, by stage',
    unit: 'ms',
    parts: NAMES.map((name) => STAGES[name]),
    decimals: 1,
    bars: visible.flatMap(({ load, stages }) =>
      stages ? [{ label: load, group: load, values: NAMES.map((name) => stages[name]) }] : [],
    ),
  });
}
