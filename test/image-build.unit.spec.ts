import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { productionDependencies } from '../scripts/licences.mjs';
import { billOfMaterials } from '../scripts/sbom.mjs';
import { CONTEXTS } from '../src/contexts.js';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';

const NAMES = CONTEXTS.map(({ name }) => name);
const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Parameters<typeof productionDependencies>[0];

describe('the bill of materials', () => {
  const bill = billOfMaterials('orders', '1.2.3');

  it('is of the image', () => {
    const { type, name, version } = bill.metadata.component;
    expect({ type, name, version }).toEqual({ type: 'application', name: 'orders', version: '1.2.3' });
  });

  it('lists every package in the images, with its digest, and no other', () => {
    const listed = bill.components.map(({ name, version }) => `${name}@${version}`);
    const locked = productionDependencies(lockfile).map(({ name, version }) => `${name}@${version}`);
    expect(listed.sort()).toEqual(locked.sort());
    expect(bill.components.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512')).toEqual([]);
  });

  it('has the dependencies of each, and names no registry and no folder', () => {
    const refs = new Set(bill.dependencies.map(({ ref }) => ref));
    expect(bill.components.filter((component) => !refs.has(component['bom-ref']))).toEqual([]);
    expect(refs).toContain(bill.metadata.component['bom-ref']);
    const text = JSON.stringify(bill);
    expect([...text.matchAll(/https?:\/\/[^"]*/g)].map(([url]) => url)).toEqual([bill.$schema]);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain('node_modules');
  });
});

describe('scripts/docker-build-push.sh', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
    // Records how it is called; HAS says what it has.
    const docker = `#!/usr/bin/env bash
case $1 in
  buildx) [[ $HAS == *buildx* ]] ;;
  info) [[ $HAS != *containerd* ]] || echo '[[driver-type io.containerd.snapshotter.v1]]' ;;
  *) printf '%s\\n' "$*" >> "$CALLS" ;;
esac
`;
    mkdirSync(path.join(folder.path, 'bin'));
    writeFileSync(path.join(folder.path, 'bin/docker'), docker, { mode: 0o755 });
  });
  afterAll(() => folder.remove());

  let runs = 0;
  function build(settings: Record<string, string> = {}) {
    const calls = path.join(folder.path, `calls-${(runs += 1)}`);
    const SBOM_FOLDER = path.join(folder.path, `sbom-${runs}`);
    const PATH = `${path.join(folder.path, 'bin')}:${process.env.PATH}`;
    const env = { ...process.env, PATH, BUILDER: 'docker', TAG: '1', HAS: '', CALLS: calls, SBOM_FOLDER, ...settings };
    execFileSync('scripts/docker-build-push.sh', ['--no-push'], { env, stdio: 'pipe' });
    return { calls: readFileSync(calls, 'utf8').trim().split('\n'), SBOM_FOLDER };
  }
  const digest = `sha256:${'a'.repeat(64)}`;

  it('writes the bill of materials of each image', () => {
    const { calls, SBOM_FOLDER } = build();
    expect(calls).toHaveLength(NAMES.length);
    expect(readdirSync(SBOM_FOLDER)).toEqual(NAMES.map((name) => `${name}-1.cdx.json`));
    const bill = JSON.parse(readFileSync(path.join(SBOM_FOLDER, 'orders-1.cdx.json'), 'utf8')) as typeof lockfile;
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'orders', version: '1' } } });
  });

  it('names the base image, and its digest where it is known', () => {
    const [tagged] = build({ NODE_IMAGE: 'example.com/node:24' }).calls;
    expect(tagged).toContain('--build-arg NODE_IMAGE=example.com/node:24 ');
    expect(tagged).toContain('--label org.opencontainers.image.base.name=example.com/node:24 ');
    expect(tagged).not.toContain('base.digest');
    const [pinned] = build({ NODE_IMAGE: `example.com/node:24@${digest}` }).calls;
    expect(pinned).toContain(`--build-arg NODE_IMAGE=example.com/node:24@${digest} `);
    expect(pinned).toContain('--label org.opencontainers.image.base.name=example.com/node:24 ');
    expect(pinned).toContain(`--label org.opencontainers.image.base.digest=${digest} `);
  });

  it("uses the Dockerfile's base image by default", () => {
    const [, image = '?'] = /^ARG NODE_IMAGE=([^@\n]+)/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    expect(build().calls[0]).toContain(`--label org.opencontainers.image.base.name=${image} `);
  });

  it.each([
    ['', false],
    ['buildx', false],
    ['containerd', false],
    ['buildx containerd', true],
  ])('with "%s", attests provenance: %s', (HAS, attests) => {
    const [call] = build({ HAS }).calls;
    expect(/ --provenance=mode=max --sbom=true /.test(String(call))).toBe(attests);
  });
});
