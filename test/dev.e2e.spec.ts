import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { ScratchProject } from './support/scratch-project.js';

const MAIN = `import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from './text.js';

const log = (msg: string, more: object = {}) => console.log(JSON.stringify({ level: 'info', time: Date.now(), msg, ...more }));
const server = createServer((_request, response) => response.end(JSON.stringify([process.pid, process.argv.slice(2), text()])));
server.listen(0, '127.0.0.1', () => log('serving', { port: (server.address() as AddressInfo).port }));
console.log('a banner');
process.once('SIGTERM', () => {
  log('stopping');
  process.exit(0);
});
`;
const TEXT = `export const text = (): string => 'one';\n`;

describe('npm run dev', () => {
  let project: ScratchProject;
  let dev: ChildProcess;
  let output: string;
  /** Length of the output before the test. */
  let before: number;
  /** Resolved when nobody has its output open any more: neither it nor a child of it. */
  let gone: Promise<void>;

  async function start(): Promise<void> {
    project = new ScratchProject({ 'src/main.ts': MAIN, 'src/text.ts': TEXT });
    output = '';
    before = 0;
    dev = spawn(process.execPath, ['scripts/dev.mjs', '--module', 'accounts'], { cwd: project.path });
    for (const stream of [dev.stdout, dev.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
    gone = new Promise((resolve) => dev.once('close', () => resolve()));
    await answers('one');
  }

  async function end(): Promise<void> {
    dev.kill('SIGKILL');
    await gone;
    project.remove();
  }

  describe('while it runs', () => {
    beforeAll(start);
    afterAll(end);

    // Each test begins with the first text.
    beforeEach(async () => {
      const [, , text] = await ask().catch(() => []);
      if (text !== 'one') project.write('src/text.ts', TEXT);
      await answers('one');
      before = output.length;
    });

    it('runs serve with the flags that it was given, and prints a line a record', async () => {
      const [, args] = await ask();
      expect(args).toEqual(['serve', '--module', 'accounts']);
      expect(output).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: serving \{"port":\d+\}$/m);
      expect(output).toContain('a banner');
    });

    it('restarts after a change, however the file was written', async () => {
      project.write('src/text.ts', TEXT.replace('one', 'two'));
      await answers('two');
      for (const text of ['three', 'four']) {
        project.write('text.new', TEXT.replace('one', text));
        renameSync(join(project.path, 'text.new'), join(project.path, 'src/text.ts'));
        await answers(text);
      }
      project.write('src/new/folder/text.ts', TEXT.replace('one', 'five'));
      project.write('src/text.ts', `export { text } from './new/folder/text.js';\n`);
      await answers('five');
      project.write('src/new/folder/text.ts', TEXT.replace('one', 'six'));
      await answers('six');
      expect(output.split('a banner')).toHaveLength(2);
    });

    it('goes on, and says so, when a type is wrong', async () => {
      project.write('src/text.ts', TEXT.replace('string', 'number').replace('one', 'two'));
      await answers('two');
      await says(/^src\/text\.ts\(1,\d+\): error TS2322/m);
      const { length } = output;
      project.write('src/text.ts', TEXT);
      await answers('one');
      await says(/Found 0 errors/, length);
    });

    it('leaves the process running while a file cannot be compiled', async () => {
      const [pid] = await ask();
      project.write('src/text.ts', 'export const text = {;\n');
      await says(/Expected identifier/);
      expect(await ask()).toEqual([pid, expect.anything(), 'one']);
      project.write('src/text.ts', TEXT.replace('one', 'two'));
      await answers('two');
    });

    it('waits for a change when the process fails, and shows the line of the source', async () => {
      project.write('src/text.ts', `interface Unused {\n  a: string;\n}\nthrow new Error('broken');\n${TEXT}`);
      await says(/Error: broken/);
      await says(/src\/text\.ts:4:7/);
      await says(/The process ended \(1\)\. Save any file/);
      project.write('src/text.ts', TEXT.replace('one', 'two'));
      await answers('two');
    });

    it('does not import what was deleted', async () => {
      rmSync(join(project.path, 'src/text.ts'));
      await says(/ERR_MODULE_NOT_FOUND/);
    });

    it('generates routes again after a change of a controller', async () => {
      const controller = `import { Controller, Get, Route, Security } from 'tsoa';

@Route('things')
@Security('bearer', ['things:read'])
export class ThingsController extends Controller {
  /** @summary Counts them. */
  @Get()
  count(): Promise<number> {
    return Promise.resolve(1);
  }
}
`;
      const read = `import { readFileSync } from 'node:fs';
const document = new URL('./things/http/generated/openapi.json', import.meta.url);
export const text = (): string => JSON.parse(readFileSync(document, 'utf8')).paths['/things'].get.summary;
`;
      project.write('src/things/http/things.controller.ts', controller);
      const generated = join(project.path, '.dev/things/http/generated/openapi.json');
      await eventually(() => expect(existsSync(generated)).toBe(true), { within: 60_000 });
      project.write('src/text.ts', read);
      await answers('Counts them.');
      project.write('src/things/http/things.controller.ts', controller.replace('Counts them', 'Says how many'));
      await answers('Says how many.');
    });
  });

  describe('ends', () => {
    beforeEach(start);
    afterEach(end);

    it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('and leaves no process behind after %s', async (signal) => {
      const { port } = last();
      dev.kill(signal);
      await gone;
      await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
      if (signal !== 'SIGKILL') expect(output).toContain('INFO: stopping');
    });
  });

  function last(): { port: number } {
    return JSON.parse(output.split('serving ').at(-1)!.split('\n')[0]!) as { port: number };
  }

  async function ask(): Promise<[pid: number, args: string[], text: string]> {
    const response = await fetch(`http://127.0.0.1:${last().port}`);
    return (await response.json()) as [number, string[], string];
  }

  async function answers(text: string): Promise<void> {
    await eventually(async () => {
      const [, , answered] = await ask().catch((error: unknown) => [0, [], `${String(error)}\n${output}`] as const);
      expect(answered).toBe(text);
    });
  }

  /** @param since the length of the output before it */
  async function says(pattern: RegExp, since = before): Promise<void> {
    await eventually(() => expect(output.slice(since)).toMatch(pattern));
  }
});
