import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve, type Settings, temporaryDirectory } from './support/run-process.js';

const PASSWORD = 'hunter2secret';
const KAFKA = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };

/** Runs a command that must fail; returns the one line of its message, below which only the usage may follow. */
async function refusal(args: readonly string[], settings: Settings = {}): Promise<string> {
  const refused = new RunningProcess(args, { DATA_DIR: temporaryDirectory(), ...settings });
  const { code, signal } = await refused.exited;
  expect({ code, signal }).toEqual({ code: expect.any(Number), signal: null });
  expect(code).not.toBe(0);
  expect(refused.output).not.toMatch(/^\s+at /m);
  expect(refused.output).not.toContain(PASSWORD);
  const [line = '', ...others] = refused.stderr.split('\n');
  expect(others[0]).toBe('');
  return line;
}

describe('the command line', () => {
  it.each([
    { args: ['serve', '--module', 'nonsense'], named: "--module: unknown module 'nonsense'" },
    { args: ['nonsense'], named: "unknown command 'nonsense'" },
    { args: ['serve', 'again'], named: "unexpected argument 'again'" },
    { args: ['serv'], named: "unknown command 'serv'; did you mean 'serve'?" },
    { args: ['verfiy', '--module', 'orders'], named: "unknown command 'verfiy'; did you mean 'verify'?" },
    { args: ['serve', '--nonsense'], named: "serve: unknown flag '--nonsense'" },
    { args: ['--modul=orders'], named: "serve: unknown flag '--modul'; did you mean '--module'?" },
    { args: ['dlt', 'list', '-x', '--module', 'orders'], named: "dlt: unknown flag '-x'" },
    { args: ['serve', '--module'], named: '--module' },
    { args: ['verify', '--module', 'orders', '--max-lag', 'long'], named: '--max-lag: is not a number of seconds' },
    { args: ['dlt', '--module', 'orders'], named: 'dlt needs one of: list, show, redrive' },
    { args: ['dlt', 'list'], named: '--module is required' },
    { args: ['dlt', 'list', '--module', 'orders', '--key', 'k'], named: 'dlt list does not take --key' },
    { args: ['dlt', 'show', '--module', 'orders'], named: 'dlt show needs one ID' },
    { args: ['dlt', 'redrive', '--module', 'orders'], named: 'dlt redrive needs one of' },
    { args: ['dlt', 'redrive', 'a/1/2', '--all', '--module', 'orders'], named: 'dlt redrive needs one of' },
  ])('refuses $args', async ({ args, named }) => {
    expect(await refusal(args)).toContain(named);
  });

  it.each([
    { args: ['--help'], usage: 'Usage: node dist/main.js [command]' },
    { args: ['-h'], usage: 'Usage: node dist/main.js [command]' },
    { args: ['serve', '--help'], usage: 'Usage: node dist/main.js serve' },
    { args: ['replay', '-h'], usage: 'Usage: node dist/main.js replay' },
  ])('prints its usage: $args', async ({ args, usage }) => {
    const { code, stdout, stderr } = await runCommand({}, ...args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expect.stringContaining(usage), stderr: '' });
  });

  it('prints the usage of the command for an unknown flag', async () => {
    const { code, stderr } = await runCommand({}, 'replay', '--nonsense');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Usage: node dist/main.js replay ') });
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runCommand({}, '--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('the command config', () => {
  it('prints the settings and the source of each', async () => {
    const asked = new RunningProcess(['config', '--module', 'orders'], { DATA_DIR: 'elsewhere' });
    expect(await asked.exited).toEqual({ code: 0, signal: null });
    expect(asked.stderr).toBe('');
    const rows = asked.stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toContainEqual(['HOST', '127.0.0.1', 'config/default.json']);
    expect(rows).toContainEqual(['DATA_DIR', 'elsewhere', 'environment']);
    expect(rows).toContainEqual(['KAFKA_TOPIC_PARTITIONS', '6', 'default']);
    expect(rows).toContainEqual(['ORDERS_MONGODB_URI', '(not set)', 'default']);
    expect(rows.flat()).not.toContain('ACCOUNTS_MONGODB_URI');
  });
});

describe('the backends of a process', () => {
  it('are in the first line of the log and in the banner', async () => {
    const DATA_DIR = temporaryDirectory();
    const settings = { DATA_DIR, NODE_ENV: 'production', ALLOW_EMBEDDED: 'true', MONGODB_URL: PASSWORD };
    const running = await serve(settings).serving();
    const runsOn = `the embedded log and databases in ${DATA_DIR}`;
    const [first, second] = running.stdout.split('\n', 2).map((line) => JSON.parse(line) as object);
    expect(first).toMatchObject({ msg: 'starting', module: 'all', runsOn });
    expect(second).toMatchObject({ msg: 'MONGODB_URL: unknown setting; did you mean MONGODB_URI?' });
    await eventually(() => expect(running.stdout).toContain(`Runs on:     ${runsOn}`));
    expect(running.output).not.toContain(PASSWORD);
  });
});

describe('an invalid setting', () => {
  it.each<{ setting: string; settings: Settings }>([
    { setting: 'PORT', settings: { PORT: 'abc' } },
    { setting: 'HOST', settings: { HOST: '192.0.2.1', AUTH_ALLOW_NONE: 'true' } },
    { setting: 'AUTH_MODE', settings: { HOST: '0.0.0.0' } },
    {
      setting: 'JWT_ISSUER',
      settings: { AUTH_MODE: 'jwt', JWT_JWKS_URL: 'http://127.0.0.1:1/', JWT_AUDIENCE: 'a' },
    },
    {
      setting: 'JWT_PUBLIC_KEY_FILE',
      settings: { AUTH_MODE: 'jwt', JWT_PUBLIC_KEY_FILE: 'LICENSE', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' },
    },
    { setting: 'MANAGEMENT_PORT', settings: { MANAGEMENT_PORT: '65536' } },
    { setting: 'LOG_LEVEL', settings: { LOG_LEVEL: 'loud' } },
    { setting: 'HTTP_BODY_LIMIT', settings: { HTTP_BODY_LIMIT: 'much' } },
    { setting: 'KAFKA_BOOTSTRAP_SERVERS', settings: { MONGODB_URI: 'mongodb://127.0.0.1:1' } },
    { setting: 'MONGODB_URI', settings: KAFKA },
    { setting: 'MONGODB_URI', settings: { NODE_ENV: 'production' } },
    {
      setting: 'KAFKA_BOOTSTRAP_SERVERS',
      settings: { MONGODB_URI: 'mongodb://127.0.0.1:1', KAFKA_BOOTSTRAP_SERVERS: 'broker' },
    },
  ])('ends the start with one line that names $setting: $settings', async ({ setting, settings }) => {
    expect(await refusal(['serve'], settings)).toMatch(new RegExp(`^[A-Z_, ]*${setting}: `));
  });

  it.each(['serve', 'config', 'replay', 'verify', 'topics check', 'dlt list'])(
    'ends %s, with one line per setting if there are several',
    async (command) => {
      const settings = { PORT: PASSWORD, LOG_LEVEL: PASSWORD, MONGODB_URI: `mongodb://app:${PASSWORD}@127.0.0.1` };
      const refused = new RunningProcess([...command.split(' '), '--module', 'orders'], settings);
      expect(await refused.exited).toEqual({ code: 1, signal: null });
      const lines = refused.stderr.trimEnd().split('\n');
      expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'LOG_LEVEL', 'KAFKA_BOOTSTRAP_SERVERS']);
      expect(refused.output).not.toContain(PASSWORD);
    },
  );

  it.each([
    `http://app:${PASSWORD}@127.0.0.1`,
    `mongodb://app:${PASSWORD}@127.0.0.1:port`,
    `mongodb://app:${PASSWORD}%zz@127.0.0.1:1`,
    `mongodb://app:${PASSWORD}@@127.0.0.1:1`,
    `mongodb://app:${PASSWORD}/@127.0.0.1:1`,
    `mongodb://app:${PASSWORD}@127.0.0.1:1/?nonsense=1`,
    `mongodb://app:${PASSWORD}@`,
  ])('ends the start with one line that names MONGODB_URI and not its password: %s', async (uri) => {
    expect(await refusal(['serve'], { ...KAFKA, MONGODB_URI: uri })).toMatch(/^MONGODB_URI: /);
    expect(await refusal(['config'], { ...KAFKA, MONGODB_URI: uri })).toMatch(/^MONGODB_URI: /);
  });

  it('ends the start with one line that names DATA_DIR when that is no folder', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const line = await refusal(['serve'], { DATA_DIR: file });
    expect(line).toBe(`DATA_DIR: ${join(file, 'accounts')} cannot be opened: not a directory`);
  });

  it.each(['PORT', 'MANAGEMENT_PORT'])(
    'ends the start with one line that names %s when that is taken',
    async (name) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      try {
        const line = await refusal(['serve'], { [name]: String(port) });
        expect(line).toBe(`${name}: cannot listen on 127.0.0.1:${port} (EADDRINUSE: another process does)`);
      } finally {
        other.close();
      }
    },
  );
});
