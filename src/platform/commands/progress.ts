import { setInterval as every } from 'node:timers';

/** Records done, and records to do. */
export type Progress = () => { readonly read: number; readonly total: number };

const WIDTH = 24;
/** Milliseconds between two looks. */
const REFRESH = { terminal: 100, lines: 2_000 };

/** Shows how far the work is while it runs: as a bar on a terminal, else as a line now and then. */
export async function showProgress<T>(what: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const { stdout } = process;
  const began = performance.now();
  const line = () => describeProgress(progress(), performance.now() - began);
  const bar = () => stdout.write(`\r\u001B[K${what} ${barOf(progress())} ${line()}`);
  const print = () => stdout.write(`${what}: ${line()}\n`);
  const timer = stdout.isTTY ? every(bar, REFRESH.terminal) : every(print, REFRESH.lines);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (stdout.isTTY) stdout.write('\r\u001B[K');
    print();
  }
}

/** How far, how fast and how long still; `milliseconds` since the beginning. */
export function describeProgress({ read, total }: ReturnType<Progress>, milliseconds: number): string {
  const rate = (read / Math.max(milliseconds, 1)) * 1000;
  const left = rate > 0 ? number(Math.ceil((total - read) / rate)) : '?';
  const share = total === 0 ? 100 : Math.floor((read / total) * 100);
  const parts = [`${share} %`, `${number(read)} of ${number(total)} records`, `${number(Math.round(rate))}/s`];
  return [...parts, read < total ? `${left} s left` : `${(milliseconds / 1000).toFixed(1)} s`].join(', ');
}

function barOf({ read, total }: ReturnType<Progress>): string {
  const done = total === 0 ? WIDTH : Math.round((read / total) * WIDTH);
  return '█'.repeat(done) + '░'.repeat(WIDTH - done);
}

/** How many there are of something, as people read it. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : plural}`;
}

/** A number as people read it. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}
