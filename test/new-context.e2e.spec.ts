import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, post } from './support/http.js';
import { customerInput, orderInput } from './support/requests.js';
import { RunningProcess } from './support/run-process.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const RECIPE = readFileSync(join(PROJECT, 'docs/new-context.md'), 'utf8');
/** The goal of the recipe. */
const GOAL = { files: 10, lines: 350 };

/** The build has compiled all but the specs. */
const TSCONFIG = JSON.stringify({ extends: './tsconfig.json', include: ['src/billing'] });

/** The files that the recipe shows, with their content. */
const shown = [...RECIPE.matchAll(/^```ts (\S+)\n([^]*?)^```$/gm)].map(
  ([, file, content]) => [file!, content!] as const,
);

describe('a third context, by the recipe alone', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'new-context-'));
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: scratch, encoding: 'utf8', stdio: 'pipe' });
  const jest = (...args: string[]) =>
    run(
      process.execPath,
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--selectProjects',
      'unit',
      ...args,
    );

  beforeAll(() => {
    const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: PROJECT,
    });
    for (const file of tracked.toString().split('\0').filter(Boolean)) {
      mkdirSync(join(scratch, dirname(file)), { recursive: true });
      cpSync(join(PROJECT, file), join(scratch, file));
    }
    symlinkSync(join(PROJECT, 'node_modules'), join(scratch, 'node_modules'), 'junction');
    // As after the first build of a clone: only what the recipe adds is generated and compiled.
    for (const built of ['dist', 'src/accounts/http/generated', 'src/orders/http/generated']) {
      cpSync(join(PROJECT, built), join(scratch, built), { recursive: true, preserveTimestamps: true });
    }
    const [, command = ''] = /^(npm run new-context -- .*)$/m.exec(RECIPE) ?? [];
    run('npm', ...command.split(' ').slice(1));
    for (const [file, content] of shown) writeFileSync(join(scratch, file), content);
    run('npm', 'run', '--silent', 'docs');
  }, 180_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it.each([
    [['billing'], 'two names are needed'],
    [['Billing', 'invoice'], "'Billing' is not one lower-case word"],
    [['class', 'invoice'], "'class' means something else already"],
    [['platform', 'invoice'], "'platform' means something else already"],
    [['stock', 'sheep', '--plural', 'sheep'], "--plural: 'sheep' is the singular, too"],
    [['billing', 'invoice'], 'src/billing is there already'],
  ])('refuses %j, and writes nothing', (args, why) => {
    const before = readdirSync(join(scratch, 'src'));
    const { status, stderr } = spawnSync(process.execPath, ['scripts/new-context.mjs', ...args], { cwd: scratch });
    expect([status, stderr.toString().split('\n')[0]]).toEqual([2, why]);
    expect(readdirSync(join(scratch, 'src'))).toEqual(before);
  });

  it('compiles, and keeps the rules of the architecture', () => {
    writeFileSync(join(scratch, 'tsconfig.billing.json'), TSCONFIG);
    run('npx', 'tsc', '-p', 'tsconfig.billing.json');
    run('npx', 'depcruise', 'src');
    run('npx', 'prettier', '--check', 'src/billing', 'docs/canvas', 'kubernetes', 'compose.yaml');
    run('npx', 'eslint', 'src/billing');
    run('npx', 'spectral', 'lint', '--fail-severity', 'hint', 'docs/*.json');
  }, 180_000);

  it('passes its own tests, and those that hold for every context', () => {
    jest(
      '--testPathPatterns',
      'src/billing',
      'test/(documents|message|personal-data|takes-part|image\\.unit|breaking)',
    );
  }, 180_000);

  it('follows orders from its first start on, and serves its own', async () => {
    const DATA_DIR = join(scratch, 'data');
    const start = () => new RunningProcess(['serve'], { DATA_DIR }, scratch).ready();
    const running = await start();
    const { body: invoice, status } = await post(`${running.url}/billing/invoices`, { title: 'An invoice' });
    expect(status).toBe(201);
    expect((await get(`${running.url}/billing/invoices/${invoice.id}`)).body).toEqual(invoice);
    await eventually(async () => {
      const { body } = await get(`${running.url}/billing/invoices/${invoice.id}/history`);
      expect(body.items).toHaveLength(1);
    });
    const { body: customer } = await post(`${running.url}/accounts/customers`, customerInput('Lovelace'));
    const { body: order } = await eventually(async () => {
      const placed = await post(`${running.url}/orders`, orderInput(customer.id));
      expect(placed.status).toBe(201);
      return placed;
    });
    await running.kill('SIGTERM');

    // What was not applied before the stop is applied after the next start.
    await eventually(
      async () => {
        const database = await openEmbeddedDatabase(join(DATA_DIR, 'billing'));
        const copy = await database.stores.projection('orders').find(order.id);
        await database.close();
        if (!copy) await (await start()).kill('SIGTERM');
        expect(copy).toMatchObject({ version: 1, state: { customerId: customer.id, total: order.total } });
      },
      { within: 60_000 },
    );
  }, 180_000);

  it('is no more than an hour of work', () => {
    const own = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory()
          ? entry.name === 'generated'
            ? []
            : own(join(folder, entry.name))
          : entry.name.endsWith('.ts')
            ? [join(folder, entry.name)]
            : [],
      );
    const files = own(join(scratch, 'src/billing'));
    const lines = files.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0);
    console.log(`a third context: ${files.length} TypeScript files, ${lines} lines`);
    expect(files.length).toBeLessThanOrEqual(GOAL.files);
    expect(lines).toBeLessThanOrEqual(GOAL.lines);
    const changed = (file: string) =>
      readFileSync(join(scratch, file), 'utf8') !== readFileSync(join(PROJECT, file), 'utf8');
    const platform = readdirSync(join(PROJECT, 'src/platform'), { recursive: true, encoding: 'utf8' });
    expect(platform.filter((file) => file.endsWith('.ts') && changed(join('src/platform', file)))).toEqual([]);
  });
});
