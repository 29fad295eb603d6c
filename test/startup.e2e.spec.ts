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
  it('exits with 2, and prints the usage, after an invalid argument', async () => {
    const { code, stdout, stderr } = await runCommand({}, 'verfiy', '--module', 'orders');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^unknown command 'verfiy'; did you mean 'verify'\?\n\nUsage: node dist\/main.js \[command\]/,
    );
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
    { setting: 'HOST', settings: { HOST: '192.0.2.1', AUTH_ALLOW_NONE: 'true' } },
    {
      setting: 'JWT_PUBLIC_KEY_FILE',
      settings: { AUTH_MODE: 'jwt', JWT_PUBLIC_KEY_FILE: 'LICENSE', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' },
    },
    { setting: 'PORT', settings: { PORT: PASSWORD } },
    {
      setting: 'MONGODB_URI',
      settings: { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1', MONGODB_URI: `mongodb://app:${PASSWORD}@@127.0.0.1:1` },
    },
  ])('ends the start with one line that names $setting: $settings', async ({ setting, settings }) => {
    expect(await refusal(['serve'], settings)).toMatch(new RegExp(`^[A-Z_, ]*${setting}: `));
  });

  it('ends the start with one line that names DATA_DIR when that is no folder', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const line = await refusal(['serve'], { DATA_DIR: file });
    expect(line).toBe(`DATA_DIR: ${join(file, 'master-keys')}: cannot be created: not a directory`);
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
