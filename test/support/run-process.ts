import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from '@jest/globals';
import { eventually } from '../../src/platform/testing/eventually.js';
import { masterKeysFile } from '../../src/platform/testing/real-servers.js';
import { get } from './http.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the tests set; nothing else of this process's own environment gets through. */
export type Settings = Readonly<Record<string, string>>;

/** Adds the master keys, which a process on real servers needs. */
export function withMasterKeys(settings: Settings): Settings {
  const isEmbedded = !Object.keys(settings).some((name) => name.startsWith('KAFKA_'));
  return isEmbedded ? settings : { MASTER_KEYS_FILE: masterKeysFile(), ...settings };
}

const running = new Set<RunningProcess>();
const lasting = new Set<RunningProcess>();
const directories = new Set<string>();

/** The built program as a process of its own; it is gone when the test that started it is over, or the suite. */
export class RunningProcess {
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  /** Of the clients' and of the operators' listener, once it serves. */
  url = '';
  managementUrl = '';
  private exit: Exit | undefined;
  private readonly child: ChildProcess;
  private readonly host: string;

  /**
   * @param project whose build it is
   * @param script another program of the project
   */
  constructor(args: readonly string[], settings: Settings, project = PROJECT, script = 'dist/main.js') {
    this.host = settings.HOST ?? '127.0.0.1';
    // A run of the tests may be about the other client of Kafka.
    const client = process.env.KAFKA_CLIENT && { KAFKA_CLIENT: process.env.KAFKA_CLIENT };
    const ports = { PORT: '0', MANAGEMENT_PORT: '0' };
    const env = { PATH: process.env.PATH, ...ports, ...client, ...withMasterKeys(settings) };
    this.child = spawn(process.execPath, [script, ...args], { cwd: project, env, stdio: 'pipe' });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve((this.exit = { code, signal })));
    });
    running.add(this);
  }

  /** It serves every test of the suite. */
  lasts(): this {
    running.delete(this);
    lasting.add(this);
    return this;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** The lines of its log with this message. */
  logged(message: string): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
  }

  /** Resolves when it takes requests. */
  async serving(): Promise<this> {
    await eventually(() => {
      // In every format of the log.
      const line = this.stdout.split('\n').find((each) => /\bserving\b/.test(each) && /\bmanagementPort\b/.test(each));
      if (this.exit === undefined && line === undefined) throw new Error(`it does not serve yet:\n${this.output}`);
      this.url = `http://${this.host}:${portIn(line, 'port')}`;
      this.managementUrl = `http://${this.host}:${portIn(line, 'managementPort')}`;
    });
    if (this.exit !== undefined) throw new Error(`it ended instead of serving:\n${this.output}`);
    return this;
  }

  /** Resolves when it is ready: it serves, and everything that it needs is there. */
  async ready(): Promise<this> {
    await this.serving();
    await eventually(async () => {
      const { status, text } = await get(`${this.managementUrl}/health/ready`);
      if (status !== 200 || !text.includes('"status":"ready"')) throw new Error(`not ready: ${text}\n${this.output}`);
    });
    return this;
  }

  /** The memory that it has now; 0 once it has ended. */
  residentBytes(): number {
    if (this.exit !== undefined) return 0;
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** Lets it do nothing at all while `work` runs. */
  async whileStopped<T>(work: () => Promise<T>): Promise<T> {
    this.child.kill('SIGSTOP');
    try {
      return await work();
    } finally {
      this.child.kill('SIGCONT');
    }
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    if (this.exit === undefined) this.child.kill(signal);
    const exit = await this.exited;
    running.delete(this);
    lasting.delete(this);
    return exit;
  }
}

function portIn(line: string | undefined, name: string): string {
  return new RegExp(`\\b${name}\\b\\W{1,3}(\\d+)`).exec(line ?? '')?.[1] ?? '';
}

/** `node dist/main.js serve`, for these modules. */
export function serve(settings: Settings, module = 'all'): RunningProcess {
  return new RunningProcess(['serve', '--module', module], settings);
}

/** A program of the project that is not the built one. */
export function runScript(script: string, settings: Settings): RunningProcess {
  return new RunningProcess([], settings, PROJECT, script);
}

/** A folder that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'accounts-orders-'));
  directories.add(directory);
  return directory;
}

afterEach(async () => {
  await Promise.all([...running].map((each) => each.kill('SIGKILL')));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
});

afterAll(async () => {
  await Promise.all([...lasting].map((each) => each.kill('SIGKILL')));
});
