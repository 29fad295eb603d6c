import { setInterval as every } from 'node:timers';
import type { Phase, Progress, Run } from '../maintenance/run.js';

const BAR_WIDTH = 24;
const REFRESH_MS = { terminal: 100, lines: 2_000 };

/** Shows progress while `work` runs: a bar on a terminal, otherwise a line every two seconds. */
export async function showProgress<T>(title: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const { stdout } = process;
  const startedAt = performance.now();
  const line = () => describeProgress(progress(), performance.now() - startedAt);
  const bar = () => stdout.write(`\r\u001B[K${title} ${barOf(progress())} ${line()}`);
  const print = () => stdout.write(`${title}: ${line()}\n`);
  const timer = stdout.isTTY ? every(bar, REFRESH_MS.terminal) : every(print, REFRESH_MS.lines);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (stdout.isTTY) stdout.write('\r\u001B[K');
    print();
  }
}

/** Shows the progress of the phases that have a title. */
export function showPhases(titles: Readonly<Partial<Record<Phase, string>>>): NonNullable<Run['during']> {
  return (phase, work, progress) => {
    const title = titles[phase];
    return title === undefined || !progress ? work() : showProgress(title, progress, work);
  };
}

/** Returns share, count, rate and remaining time; or the elapsed time at the end. */
export function describeProgress({ read, total }: ReturnType<Progress>, elapsedMs: number): string {
  const rate = (read / Math.max(elapsedMs, 1)) * 1000;
  const left = rate > 0 ? formatNumber(Math.ceil((total - read) / rate)) : '?';
  const share = total === 0 ? 100 : Math.floor((read / total) * 100);
  const parts = [
    `${share} %`,
    `${formatNumber(read)} of ${formatNumber(total)} records`,
    `${formatNumber(Math.round(rate))}/s`,
  ];
  return [...parts, read < total ? `${left} s left` : `${(elapsedMs / 1000).toFixed(1)} s`].join(', ');
}

function barOf({ read, total }: ReturnType<Progress>): string {
  const done = total === 0 ? BAR_WIDTH : Math.round((read / total) * BAR_WIDTH);
  return '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done);
}

/** Returns a count with its noun: `1,000 records`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

/** Returns a number with thousands separators. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}
