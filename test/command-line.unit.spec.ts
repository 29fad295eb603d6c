import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { runCommandLine } from '../src/platform/commands/command-line.js';
import { parseMasterKeyLines } from '../src/platform/privacy/master-key-lines.js';

type Settings = Readonly<Record<string, string>>;

const PASSWORD = 'hunter2secret';
const KAFKA = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };
const { env } = process;

afterEach(() => {
  process.env = env;
  jest.restoreAllMocks();
});

/** Runs the command line in this process, with these settings only. */
async function runs(args: readonly string[], settings: Settings = {}) {
  process.env = { ...settings };
  const printed = { stdout: '', stderr: '' };
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (printed.stdout += `${text}\n`));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void (printed.stderr += `${text}\n`));
  return { code: await runCommandLine(CONTEXTS, args), ...printed };
}

/** Runs a command that must fail. Returns the first line of its message; only the usage may follow. */
async function refusal(args: readonly string[], settings: Settings = {}): Promise<string> {
  const { code, stdout, stderr } = await runs(args, settings);
  expect(code).not.toBe(0);
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(stdout + stderr).not.toContain(PASSWORD);
  const [line = '', ...others] = stderr.split('\n');
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
    { args: ['dlt', '--module', 'orders'], named: 'dlt needs one of: list, show, redrive, discard' },
    { args: ['replay', '--module', 'orders', '--only', 'x'], named: '--only: must be states or histories' },
    {
      args: ['replay', '--module', 'orders', '--only', 'states', '--until', '2026-11-23T04:10:20Z'],
      named: '--until excludes --only',
    },
    {
      args: ['replay', '--module', 'orders', '--only', 'histories', '--keep', 'log'],
      named: '--only histories excludes --keep',
    },
    { args: ['replay', '--module', 'orders', '--workers', '0'], named: '--workers: must be a number from 1 to 99' },
    {
      args: ['replay', '--module', 'orders', '--workers', '2', '--until', '2026-11-23T04:10:20Z'],
      named: '--until excludes --workers',
    },
    {
      args: ['replay', '--module', 'orders', '--since-checkpoint', '--workers', '2'],
      named: '--since-checkpoint excludes --workers',
    },
    {
      args: ['verify', '--module', 'orders', '--since-checkpoint', '--repair', '--force'],
      named: '--force excludes --since-checkpoint',
    },
    { args: ['keys'], named: 'keys needs one of: new' },
    { args: ['keys', 'constructor'], named: "keys: unknown action 'constructor'" },
    { args: ['keys', 'new', 'again'], named: "unexpected argument 'again'" },
    { args: ['dlt', 'list'], named: '--module is required' },
    { args: ['dlt', 'list', '--module', 'orders', '--key', 'k'], named: 'dlt list does not take --key' },
    { args: ['dlt', 'show', '--module', 'orders'], named: 'dlt show needs one ID' },
    { args: ['dlt', 'redrive', '--module', 'orders'], named: 'dlt redrive needs one of' },
    { args: ['dlt', 'redrive', 'a/1/2', '--all', '--module', 'orders'], named: 'dlt redrive needs one of' },
    { args: ['dlt', 'discard', 'a/1/2', '--module', 'orders'], named: 'dlt discard needs --reason' },
    { args: ['dlt', 'discard', '--reason', 'a test', '--module', 'orders'], named: 'dlt discard needs one of' },
    {
      args: ['dlt', 'discard', '--all', '--reason', ' ', '--module', 'orders'],
      named: '--reason: the reason is empty',
    },
    { args: ['dlt', 'list', '--group-by', 'key', '--module', 'orders'], named: '--group-by: expected reason or type' },
    { args: ['dlt', 'constructor', '--module', 'orders'], named: 'dlt needs one of' },
  ])('refuses $args', async ({ args, named }) => {
    expect(await refusal(args)).toContain(named);
  });

  it.each([
    { args: ['--help'], usage: 'Usage: node dist/main.js [command]' },
    { args: ['-h'], usage: 'Usage: node dist/main.js [command]' },
    { args: ['serve', '--help'], usage: 'Usage: node dist/main.js serve' },
    { args: ['replay', '-h'], usage: 'Usage: node dist/main.js replay' },
  ])('prints its usage: $args', async ({ args, usage }) => {
    const { code, stdout, stderr } = await runs(args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expect.stringContaining(usage), stderr: '' });
  });

  it('prints the usage of the command for an unknown flag', async () => {
    const { code, stderr } = await runs(['replay', '--nonsense']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Usage: node dist/main.js replay ') });
  });
});

it('keys new prints the line of a new master key, and another one each time', async () => {
  const lines = [];
  while (lines.length < 2) {
    const { code, stdout, stderr } = await runs(['keys', 'new']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    lines.push(...parseMasterKeyLines(stdout));
  }
  expect(new Set(lines.map(({ value }) => value)).size).toBe(2);
});

describe('an invalid setting', () => {
  it.each<{ setting: string; settings: Settings }>([
    { setting: 'PORT', settings: { PORT: 'abc' } },
    { setting: 'AUTH_MODE', settings: { HOST: '0.0.0.0' } },
    {
      setting: 'JWT_ISSUER',
      settings: { AUTH_MODE: 'jwt', JWT_JWKS_URL: 'http://127.0.0.1:1/', JWT_AUDIENCE: 'a' },
    },
    { setting: 'MANAGEMENT_PORT', settings: { MANAGEMENT_PORT: '65536' } },
    { setting: 'LOG_LEVEL', settings: { LOG_LEVEL: 'loud' } },
    { setting: 'HTTP_BODY_LIMIT', settings: { HTTP_BODY_LIMIT: 'much' } },
    { setting: 'KAFKA_BOOTSTRAP_SERVERS', settings: { MONGODB_URI: 'mongodb://127.0.0.1:1' } },
    { setting: 'MONGODB_URI', settings: KAFKA },
    { setting: 'MONGODB_URI', settings: { NODE_ENV: 'production' } },
    { setting: 'MASTER_KEYS_FILE', settings: { ...KAFKA, MONGODB_URI: 'mongodb://127.0.0.1:1' } },
    { setting: 'MASTER_KEYS_FILE', settings: { MASTER_KEYS_FILE: '/nowhere' } },
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
      const { code, stdout, stderr } = await runs([...command.split(' '), '--module', 'orders'], settings);
      expect(code).toBe(1);
      const lines = stderr.trimEnd().split('\n');
      expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'LOG_LEVEL', 'KAFKA_BOOTSTRAP_SERVERS']);
      expect(stdout + stderr).not.toContain(PASSWORD);
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
  ])('ends a command with one line that names MONGODB_URI and not its password: %s', async (uri) => {
    for (const args of [['config'], ['verify', '--module', 'orders']])
      expect(await refusal(args, { ...KAFKA, MONGODB_URI: uri })).toMatch(/^MONGODB_URI: /);
  });
});
