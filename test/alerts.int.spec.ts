import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { promtool } from '../scripts/monitoring/promtool.mjs';
import { describeUnlessMissing } from '../src/platform/testing/own-servers-needed.js';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';

const FOLDER = 'config/prometheus';

describeUnlessMissing(process.env.NO_PROMTOOL, 'nothing to test alerts with', 'the alerts', () => {
  let program: string;
  let folder: TemporaryFolder;

  beforeAll(async () => void (program = await promtool()), 180_000);

  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const file of ['alerts.yaml', 'alerts.test.yaml']) copyFileSync(join(FOLDER, file), join(folder.path, file));
  });

  afterEach(() => folder.remove());

  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder.path, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it('are rules that Prometheus accepts', () => {
    expect(run('check', 'rules', 'alerts.yaml')).toMatchObject({ status: 0 });
  });

  it('fire when they should, and only then', () => {
    expect(run('test', 'rules', 'alerts.test.yaml')).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });

  it('are tested so that each of them fails its test if it never fires', () => {
    const rules = readFileSync(join(folder.path, 'alerts.yaml'), 'utf8');
    const names = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
    writeFileSync(join(folder.path, 'alerts.yaml'), rules.replaceAll(/^( +- alert: )(\w+)$/gm, '$1Other$2'));

    const { status, output } = run('test', 'rules', 'alerts.test.yaml');
    expect(status).toBe(1);
    for (const name of names) expect(output).toContain(`alertname: ${name}, `);
  });
});
