import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findVulnerabilities, type Event, type OsvRecord } from '../scripts/known-vulnerabilities.mjs';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';

function record(name: string, events: Event[], more: object = {}): OsvRecord {
  const affected = [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }];
  return { id: 'GHSA-1', affected, ...more };
}
const find = (version: string, each: OsvRecord) => findVulnerabilities([{ name: 'a', version }], [each]);

describe('vulnerabilities of a package', () => {
  it.each<[version: string, hit: boolean, events: Event[]]>([
    ['1.2.2', false, [{ introduced: '1.2.3' }, { fixed: '2.0.0' }]],
    ['1.2.3', true, [{ introduced: '1.2.3' }, { fixed: '2.0.0' }]],
    ['1.10.0', true, [{ introduced: '1.2.3' }, { fixed: '2.0.0' }]],
    ['2.0.0-rc.1', true, [{ introduced: '1.2.3' }, { fixed: '2.0.0' }]],
    ['2.0.0', false, [{ introduced: '1.2.3' }, { fixed: '2.0.0' }]],
    ['0.0.1-alpha', true, [{ introduced: '0' }]],
    ['2.0.0', true, [{ introduced: '0' }, { last_affected: '2.0.0' }]],
    ['2.0.1', false, [{ introduced: '0' }, { last_affected: '2.0.0' }]],
    ['3.1.0', true, [{ introduced: '0' }, { fixed: '2.0.0' }, { introduced: '3.0.0' }, { fixed: '3.2.0' }]],
    ['2.5.0', false, [{ introduced: '0' }, { fixed: '2.0.0' }, { introduced: '3.0.0' }, { fixed: '3.2.0' }]],
    // In any order.
    ['2.5.0', false, [{ fixed: '3.2.0' }, { introduced: '3.0.0' }, { fixed: '2.0.0' }, { introduced: '0' }]],
  ])('%s: affected is %s with %j', (version, hit, events) => {
    expect(find(version, record('a', events))).toHaveLength(hit ? 1 : 0);
  });

  it('include versions that are listed, as of malicious packages', () => {
    const affected = [{ package: { ecosystem: 'npm', name: 'a' }, versions: ['1.0.1', '1.0.2'] }];
    expect(find('1.0.2', { id: 'MAL-1', affected })).toEqual([
      { name: 'a', version: '1.0.2', id: 'MAL-1', severity: 'unknown', fixed: [] },
    ]);
    expect(find('1.0.3', { id: 'MAL-1', affected })).toEqual([]);
  });

  it('tell their severity, and the versions that fix them', () => {
    const events = [{ introduced: '0' }, { fixed: '1.5.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }];
    const severity = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }];
    expect(find('1.0.0', record('a', events, { severity }))).toEqual([
      { name: 'a', version: '1.0.0', id: 'GHSA-1', severity: 'CVSS:3.1/AV:N', fixed: ['1.5.0', '2.1.0'] },
    ]);
    expect(find('2.0.0', record('a', events, { severity, database_specific: { severity: 'HIGH' } }))).toEqual([
      { name: 'a', version: '2.0.0', id: 'GHSA-1', severity: 'HIGH', fixed: ['2.1.0'] },
    ]);
  });

  it('are none of another package, of another ecosystem, or of a withdrawn record', () => {
    const events = [{ introduced: '0' }];
    expect(find('1.0.0', record('b', events))).toEqual([]);
    expect(find('1.0.0', record('a', events, { withdrawn: '2026-01-01T00:00:00Z' }))).toEqual([]);
    const affected = [{ package: { ecosystem: 'PyPI', name: 'a' }, ranges: [{ type: 'SEMVER', events }] }];
    expect(find('1.0.0', { id: 'PYSEC-1', affected })).toEqual([]);
  });
});

describe('scripts/known-vulnerabilities.mjs', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  function check(content: string, ...args: string[]) {
    const database = path.join(folder.path, 'osv.json');
    writeFileSync(database, content);
    const options = args.length > 0 ? args : ['--database', database];
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/known-vulnerabilities.mjs', ...options]);
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  }
  const express = record('express', [{ introduced: '5.0.0' }, { fixed: '99.0.0' }], {
    database_specific: { severity: 'MODERATE' },
  });
  const typescript = record('typescript', [{ introduced: '0' }]);
  const old = record('express', [{ introduced: '0' }, { fixed: '4.0.0' }]);

  it.each([
    ['an array', JSON.stringify([old, typescript, express], undefined, 2)],
    ['lines', [old, typescript, express].map((each) => `${JSON.stringify(each)}\n`).join('')],
  ])('reads %s, and exits 1 with what production packages have', (_form, content) => {
    const { status, stdout } = check(content);
    expect(stdout).toMatch(/^express 5\.\d+\.\d+: GHSA-1, MODERATE, fixed in 99\.0\.0\n$/);
    expect(status).toBe(1);
  });

  it('exits 0 when nothing is known of any production package', () => {
    expect(check(JSON.stringify([old, typescript]))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+ packages, 2 records: no known vulnerability\.\n$/),
    });
  });

  it.each([
    ['no JSON', '<html>', 'not valid JSON'],
    ['half a line', `${JSON.stringify(old)}\n{"id":`, 'JSON input'],
    ['half an array', '[{"id":"GHSA-1"', 'JSON'],
    ['nothing', '', 'no records'],
    ['an empty array', '[]', 'no records'],
    ['something else', '[{"name":"express"}]', 'not in OSV format'],
    [
      'a version that is none',
      JSON.stringify([record('express', [{ introduced: 'no' }])]),
      'GHSA-1: Invalid Version: no',
    ],
    [
      'a range without events',
      JSON.stringify([{ ...old, affected: [{ ...old.affected?.[0], ranges: [{}] }] }]),
      'GHSA-1: a range has no events',
    ],
  ])('exits 2 for a file with %s', (_what, content, why) => {
    const { status, stdout, stderr } = check(content);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^\S+osv\.json: .+\n$/);
    expect(stderr).toContain(why);
  });

  it('exits 2 for a file that is not there, and tells what to download without one', () => {
    expect(check('', '--database', 'none.json')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('none.json'),
    });
    const { status, stderr } = spawnSync(process.execPath, ['scripts/known-vulnerabilities.mjs']);
    expect(status).toBe(2);
    expect(stderr.toString()).toContain('osv.dev');
  });
});
