import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../servers/ports.mjs';
import { NODE_OPTIONS } from '../start-command.mjs';
import { openLink } from './network.mjs';

/** @typedef {'accounts' | 'orders'} Module */

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const REDIRECT = new URL('redirect.mjs', import.meta.url).href;
const REPORT = ['--report-on-signal', '--report-signal=SIGUSR2'];
const READY_WITHIN_MS = 90_000;
const STOPPED_WITHIN_MS = 20_000;

/**
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} settings that lead to the servers
 * @property {readonly number[]} serverPorts
 * @property {string} folder for the logs
 * @property {(instance: Instance, how: string) => void} onCrash told when one ends that nobody ended
 */

/** One process of one module, on the same ports for as long as it is started again; its connections go through proxies. */
export class Instance {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {Promise<void>} */
  #exited = Promise.resolve();
  #isEnding = false;

  /**
   * @param {string} name @param {Module | 'all'} module @param {Surroundings} surroundings
   * @param {{ port: number, managementPort: number }} ports @param {readonly import('./network.mjs').Link[]} links
   */
  constructor(name, module, surroundings, ports, links) {
    this.name = name;
    this.module = module;
    this.links = links;
    this.url = `http://127.0.0.1:${ports.port}`;
    this.managementUrl = `http://127.0.0.1:${ports.managementPort}`;
    this.surroundings = surroundings;
    this.ports = ports;
  }

  /** @param {string} name @param {Module | 'all'} module @param {Surroundings} surroundings */
  static async create(name, module, surroundings) {
    const port = await freePort(undefined, []);
    const managementPort = await freePort(undefined, [port]);
    const links = await Promise.all(surroundings.serverPorts.map((each) => openLink(each)));
    return new Instance(name, module, surroundings, { port, managementPort }, links);
  }

  get pid() {
    return this.#child?.pid;
  }

  /** Returns at once. @param {NodeJS.ProcessEnv} [more] environment */
  start(more = {}) {
    if (this.#child) throw new Error(`${this.name} runs already`);
    const { settings, folder, onCrash } = this.surroundings;
    const routes = Object.fromEntries(this.links.map(({ serverPort, port }) => [serverPort, port]));
    const child = spawn(
      process.execPath,
      [
        '--import',
        REDIRECT,
        ...REPORT,
        `--report-directory=${folder}`,
        ...NODE_OPTIONS,
        'dist/main.js',
        'serve',
        '--module',
        this.module,
      ],
      {
        cwd: PROJECT,
        env: {
          PATH: process.env['PATH'],
          ...settings,
          CHAOS_ROUTES: JSON.stringify(routes),
          PORT: String(this.ports.port),
          MANAGEMENT_PORT: String(this.ports.managementPort),
          ...more,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const log = createWriteStream(join(folder, `${this.name}.log`), { flags: 'a' });
    for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => log.write(chunk));
    this.#child = child;
    this.#isEnding = false;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        log.end();
        this.#child = undefined;
        if (!this.#isEnding) onCrash(this, signal ?? `exit code ${code}`);
        resolve();
      });
    });
  }

  /** Sends SIGKILL and resolves when it is gone. */
  async kill() {
    this.#isEnding = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Sends SIGTERM and resolves with the seconds until it was gone; SIGKILL follows where that takes too long. */
  async end() {
    this.#isEnding = true;
    const began = performance.now();
    this.#child?.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child?.kill('SIGKILL'), STOPPED_WITHIN_MS);
    await this.#exited;
    clearTimeout(impatience);
    return (performance.now() - began) / 1000;
  }

  /** Lets it do nothing until `continue`. */
  stop() {
    this.#child?.kill('SIGSTOP');
  }

  continue() {
    this.#child?.kill('SIGCONT');
  }

  /** Lets Node.js write into the folder of the logs what it is doing, also when its event loop stands still. */
  report() {
    this.#child?.kill('SIGUSR2');
  }

  /** What readiness says; undefined while it does not answer. @returns {Promise<{ status: number, body: any } | undefined>} */
  async readiness() {
    try {
      const answer = await fetch(`${this.managementUrl}/health/ready`, { signal: AbortSignal.timeout(5_000) });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return undefined;
    }
  }

  /** Resolves when it is ready, with no dependency missing. @throws Error when that takes too long */
  async ready() {
    /** @type {unknown} */
    let last;
    for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(200)) {
      const readiness = await this.readiness();
      if (readiness?.status === 200 && readiness.body.status === 'ready') return;
      last = readiness?.body;
    }
    throw new Error(`${this.name} is not ready after ${READY_WITHIN_MS / 1000} s: ${JSON.stringify(last)}`);
  }

  /** Ends it for good. */
  async dispose() {
    this.continue();
    await this.kill();
    for (const link of this.links) link.close();
  }
}
