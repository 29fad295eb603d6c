// Words and draws the CPU time of a command, by who spends it.
import { plotBars } from './bars.mjs';
import { LABELS } from './plot.mjs';

/** @typedef {import('../systems.mjs').Role} Role */
/** @typedef {import('../systems.mjs').CpuMicros} CpuMicros */
/** @typedef {{ command: string, subject: string, cpu: CpuMicros }} Cost microseconds of one command */

export const ROLES = Object.freeze(/** @type {const} */ (['accounts', 'orders', 'mongodb', 'kafka']));
export const ROLE_LABELS = Object.freeze({
  accounts: 'accounts',
  orders: 'orders',
  mongodb: 'MongoDB',
  kafka: 'Kafka',
});
const DECISIVE = 64;
const COMPARED = /** @type {const} */ (['ours', 'naive']);

/** All who spend time for one command. @param {CpuMicros} cpu */
export function totalOf(cpu) {
  return ROLES.reduce((sum, role) => sum + (cpu[role] ?? 0), 0);
}

/**
 * What both systems that do the same work spend on each command, at 64 connections.
 * @param {Pick<import('./report.mjs').Measured, 'commands' | 'changes'>} measured @returns {Cost[]}
 */
export function costsOf({ commands, changes }) {
  const kinds = [
    {
      command: 'a new customer',
      results: commands?.find(({ connections }) => connections === DECISIVE)?.results ?? [],
    },
    { command: 'a change', results: changes?.results ?? [] },
  ];
  return kinds.flatMap(({ command, results }) =>
    COMPARED.flatMap((name) => {
      const result = results.find(({ subject }) => subject === name);
      return result ? [{ command, subject: LABELS[name], cpu: result.cpu }] : [];
    }),
  );
}

/** The picture: docs/performance-cpu.svg. @param {readonly Cost[]} costs */
export function plotCosts(costs) {
  return plotBars({
    title: 'CPU time of a command, µs, by process, at 64 connections',
    unit: 'µs',
    parts: ROLES.map((role) => ROLE_LABELS[role]),
    bars: costs.map(({ command, subject, cpu }) => ({
      label: `${subject}, ${command}`,
      group: command,
      values: ROLES.map((role) => cpu[role]),
    })),
  });
}
