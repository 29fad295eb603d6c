// Words and draws how the present version compares with a former one: a part of docs/performance.md.
import { plotBars } from './bars.mjs';
import { ms, ratio, table, whole } from './markdown.mjs';

/** @typedef {{ before: number, now: number, ratio: number }} Compared `ratio`: now to before, the median of the rounds' own */
/** @typedef {{ p50: Compared, p99: Compared }} Latency milliseconds */
/** @typedef {{ rate: Compared, cpu: Compared }} Turns commands a second; microseconds of CPU time of one, in all processes */
/**
 * @typedef {object} BeforeAndAfter
 * @property {string} version the former one
 * @property {{ chain: Latency, loaded: Latency, commands: Turns, changes: Turns }} services
 * @property {{ all: Compared, states: Compared, workers: Compared, copies: Compared }} replays events a second
 */
/** @typedef {{ label: string, compared: Compared, format: import('./markdown.mjs').Format, isRate?: boolean }} Row */

/** @param {BeforeAndAfter} measured @returns {Row[]} */
function rowsOf({ services: { chain, loaded, commands, changes }, replays }) {
  return [
    { label: 'to visible, one after another, p50, ms', compared: chain.p50, format: ms },
    { label: 'to visible, one after another, p99, ms', compared: chain.p99, format: ms },
    { label: 'to visible, at 70 %, p50, ms', compared: loaded.p50, format: ms },
    { label: 'to visible, at 70 %, p99, ms', compared: loaded.p99, format: ms },
    { label: 'registrations/s', compared: commands.rate, format: whole, isRate: true },
    { label: 'changes/s', compared: changes.rate, format: whole, isRate: true },
    { label: 'CPU time of a registration, µs', compared: commands.cpu, format: whole },
    { label: 'CPU time of a change, µs', compared: changes.cpu, format: whole },
    { label: 'replay of everything, events/s', compared: replays.all, format: whole, isRate: true },
    { label: 'replay of the states, events/s', compared: replays.states, format: whole, isRate: true },
    { label: 'replay with two workers, events/s', compared: replays.workers, format: whole, isRate: true },
    { label: 'replay of the copies in orders, events/s', compared: replays.copies, format: whole, isRate: true },
  ];
}

/** @param {BeforeAndAfter} measured */
export function beforePart(measured) {
  const rows = rowsOf(measured).map(({ label, compared: { before, now, ratio: toBefore }, format }) => [
    label,
    ...[format(before), format(now), ratio(toBefore)],
  ]);
  return [
    `This version and \`${measured.version}\`, the last one before the delay, rebuilds and the CPU time of a command were worked on: both with servers of their own, in turns. Commands at 64 connections; 70 % is that of the former version's full load. The former version replays everything, whatever is needed.`,
    '![What the present version needs, in percent of the former one](performance-before.svg)',
    table(['', 'before', 'now', 'now to before'], rows),
  ];
}

/** The picture: docs/performance-before.svg. @param {BeforeAndAfter} measured */
export function plotBefore(measured) {
  return plotBars({
    title: 'Time that the present version needs, in percent of the former one',
    unit: '%',
    parts: ['of before'],
    bars: rowsOf(measured).map(({ label, compared, isRate = false }) => ({
      label: label.replace(/, (ms|µs|events\/s)$/, ''),
      values: [100 * (isRate ? 1 / compared.ratio : compared.ratio)],
    })),
  });
}
