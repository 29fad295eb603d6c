import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { prettyFactory } from 'pino-pretty';

/** Ends a child when this process ends, even by SIGKILL. */
const WITH_PARENT = '--import=data:text/javascript,process.on("disconnect",()=>process.exit()).channel.unref()';
/** The process that has just been started has the processor first. */
const WARM_UP_AFTER_MS = 2_000;
/** For the service to finish its requests. */
const STOP_TIMEOUT_MS = 1_000;

const colorize = process.stdout.isTTY;
const inOneLine = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l', colorize });

/** The process that is developed; one at a time, for the embedded databases serve no more. */
export class Service {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** The next one, which has loaded its packages. @type {import('node:child_process').ChildProcess | undefined} */
  #next;

  /** @param {string[]} args of Node.js */
  constructor(args) {
    this.args = ['--enable-source-maps', '--import=./scripts/dev/warm-up.mjs', ...args];
  }

  get hasEnded() {
    return !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  start() {
    const isFirst = this.#child === undefined;
    const child = this.#next?.connected ? this.#next : this.#spawn();
    child.send('begin');
    createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) }).on('line', (line) => {
      // What to try is said once.
      if (isFirst || line.startsWith('{')) process.stdout.write(inOneLine(line));
    });
    child.once('exit', (code, signal) => {
      if (!child.killed) complain(`The process ended (${signal ?? code}). Save any file of src/ to start it again.`);
    });
    this.#child = child;
    this.#next = undefined;
    setTimeout(() => (this.#next ??= this.#spawn()), WARM_UP_AFTER_MS);
  }

  #spawn() {
    // A group of its own gets no SIGINT from the terminal, so that it is stopped once and not twice.
    return spawn(process.execPath, this.args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true });
  }

  async stop() {
    if (!this.#child || this.hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(late);
  }
}

/**
 * A tool beside the service, which has the processor first.
 * @param {string} script
 * @param {string[]} args
 */
export function startTool(script, ...args) {
  const child = spawn(process.execPath, [WITH_PARENT, script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return child;
}

/** @param {string} text */
export function complain(text) {
  console.error(process.stderr.isTTY ? styleText('red', text) : text);
}
