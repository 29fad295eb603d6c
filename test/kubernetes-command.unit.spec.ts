import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryFolder, temporaryFolder } from '../src/platform/testing/temporary-folder.js';

const container = { name: 'service', image: 'accounts:1', resources: { requests: {}, limits: { memory: '512Mi' } } };
const deployment = { metadata: { name: 'accounts' }, spec: { template: { spec: { containers: [container] } } } };

/** A cluster in which a Job's pod starts at once, prints a line and ends with exit code 1. */
const KUBECTL = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(2).join(' ');
if (args.includes('get deployment accounts')) console.log(${JSON.stringify(JSON.stringify(deployment))});
else if (args.includes(' create ')) {
  writeFileSync(__dirname + '/job.json', readFileSync(0));
  console.log('accounts-verify-x');
}
else if (args.endsWith('phase}')) console.log('Running');
else if (args.endsWith('exitCode}')) console.log('1');
else if (args.includes('logs --follow job/accounts-verify-x')) console.log('customers/1 differs');
else process.exit(9);
`;

describe('a command in the cluster', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
    writeFileSync(join(folder.path, 'kubectl'), KUBECTL);
    chmodSync(join(folder.path, 'kubectl'), 0o755);
  });
  afterEach(() => folder.remove());

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/kubernetes/command.mjs', ...args], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH}` },
    });

  it('prints what its Job prints, and exits with its exit code', () => {
    const { status, stdout } = run('--memory', '2Gi', 'accounts', 'verify', '--max-lag', '9');
    expect([status, stdout]).toEqual([1, 'customers/1 differs\n']);
    const job = JSON.parse(readFileSync(join(folder.path, 'job.json'), 'utf8')) as unknown;
    expect(job).toMatchObject({
      metadata: { generateName: 'accounts-verify-' },
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                args: ['verify', '--max-lag', '9', '--module', 'accounts'],
                resources: { limits: { memory: '2Gi' } },
              },
            ],
          },
        },
      },
    });
  });

  it.each([[['accounts']], [['--memory', '2Gi']], [['billing', 'verify']], [['--memory2', 'accounts', 'verify']]])(
    'is refused as %j',
    (args) => {
      expect(run(...args).status).toBe(2);
    },
  );
});
