import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fetchDigest, filesWithImages, imagesIn, pinImages } from '../scripts/refresh-image-digests.mjs';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';

const OLD = `sha256:${'0'.repeat(64)}`;
const NEW = `sha256:${'a'.repeat(64)}`;

describe('pinning images by digest', () => {
  const image = 'docker.io/library/node:24';
  const pin = (text: string) => pinImages(text, new Map([[image, NEW]]));

  it.each([
    ['a Dockerfile', (reference: string) => `ARG NODE_IMAGE=${reference}\n\nFROM \${NODE_IMAGE} AS build\n`],
    ['a manifest', (reference: string) => `      - name: x\n        image: ${reference}\n        args: []\n`],
    ['a composition', (reference: string) => `    image: &node ${reference}\n  other:\n    image: *node\n`],
  ])('adds the digest in %s, and replaces an older one', (_kind, textWith) => {
    for (const before of [image, `${image}@${OLD}`]) {
      expect(imagesIn(textWith(before))).toEqual([{ name: image, digest: before === image ? undefined : OLD }]);
      expect(pin(textWith(before))).toBe(textWith(`${image}@${NEW}`));
    }
  });

  it('leaves alone images that are built here, and those of which it has no digest', () => {
    const text = 'image: orders\nimage: accounts-orders/orders:compose\nimage: docker.io/library/mongo:8.0\n';
    expect(pin(text)).toBe(text);
    expect(imagesIn(text).map(({ name }) => name)).toEqual(['docker.io/library/mongo:8.0']);
  });

  it('finds every image of the project', () => {
    const found = filesWithImages().flatMap((file) => imagesIn(readFileSync(file, 'utf8')));
    const names = new Set(found.map(({ name }) => name.replace(/:.*/, '')));
    expect([...names].sort()).toEqual([
      'docker.io/apache/kafka',
      'docker.io/library/haproxy',
      'docker.io/library/mongo',
      'docker.io/library/node',
    ]);
  });
});

describe('with a registry', () => {
  const asked: { url: string; accept?: string; authorization?: string }[] = [];
  let server: Server;
  let registry: string;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    server = createServer(({ url = '', headers }, response) => {
      const { accept, authorization } = headers;
      asked.push({ url, ...(accept && { accept }), ...(authorization && { authorization }) });
      if (url.startsWith('/token?')) return response.end(JSON.stringify({ token: 'anonymous' }));
      if (authorization !== 'Bearer anonymous') {
        const realm = `Bearer realm="http://${registry}/token",service="images",scope="repository:team/node:pull"`;
        return response.writeHead(401, { 'www-authenticate': realm }).end();
      }
      if (url === '/v2/team/broken/manifests/1') return response.end();
      if (url !== '/v2/team/node/manifests/24') return response.writeHead(404).end();
      return response.writeHead(200, { 'docker-content-digest': NEW }).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => server.close(done)));
  beforeEach(async () => {
    asked.length = 0;
    folder = await temporaryFolder();
    mkdirSync(path.join(folder.path, 'kubernetes/base'), { recursive: true });
    writeFileSync(path.join(folder.path, 'Dockerfile'), `ARG NODE_IMAGE=${registry}/team/node:24\n`);
    writeFileSync(path.join(folder.path, 'compose.yaml'), 'services: {}\n');
    writeFileSync(path.join(folder.path, 'kubernetes/base/x.yaml'), `image: ${registry}/team/node:24@${OLD}\n`);
  });
  afterEach(() => folder.remove());

  const run = (...args: string[]) =>
    new Promise<{ code: number; output: string }>((done) => {
      const script = path.resolve('scripts/refresh-image-digests.mjs');
      execFile(process.execPath, [script, ...args], { cwd: folder.path }, (error, stdout, stderr) =>
        done({ code: Number(error?.code ?? 0), output: stdout + stderr }),
      );
    });
  const read = (file: string) => readFileSync(path.join(folder.path, file), 'utf8');

  it('gets the digest of all platforms of a tag with an anonymous token', async () => {
    await expect(fetchDigest(`${registry}/team/node:24`)).resolves.toBe(NEW);
    expect(asked.map(({ url }) => url)).toEqual([
      '/v2/team/node/manifests/24',
      '/token?service=images&scope=repository%3Ateam%2Fnode%3Apull',
      '/v2/team/node/manifests/24',
    ]);
    expect(asked[2]?.accept).toContain('application/vnd.oci.image.index.v1+json');
    expect(asked[2]?.accept).toContain('application/vnd.docker.distribution.manifest.list.v2+json');
  });

  it.each([
    ['team/none:24', 'status 404'],
    ['team/broken:1', 'no digest'],
  ])('refuses an answer about %s: %s', async (name, why) => {
    await expect(fetchDigest(`${registry}/${name}`)).rejects.toThrow(`${registry}/${name}: ${why}`);
  });

  it('refreshes all files, asking once for each image', async () => {
    expect(await run()).toMatchObject({ code: 0 });
    expect(read('Dockerfile')).toBe(`ARG NODE_IMAGE=${registry}/team/node:24@${NEW}\n`);
    expect(read('kubernetes/base/x.yaml')).toBe(`image: ${registry}/team/node:24@${NEW}\n`);
    expect(asked).toHaveLength(3);
    expect(await run('--check')).toEqual({ code: 0, output: 'All digests are current.\n' });
  });

  it('says with --check what differs, and changes nothing', async () => {
    const { code, output } = await run('--check');
    expect(code).toBe(1);
    expect(output).toContain(`Dockerfile: ${registry}/team/node:24: no digest, now ${NEW}`);
    expect(output).toContain(`kubernetes/base/x.yaml: ${registry}/team/node:24: ${OLD}, now ${NEW}`);
    expect(read('kubernetes/base/x.yaml')).toContain(OLD);
  });

  it('changes nothing when an image is not found', async () => {
    writeFileSync(path.join(folder.path, 'compose.yaml'), `image: ${registry}/team/none:24\n`);
    expect(await run()).toEqual({ code: 2, output: `${registry}/team/none:24: status 404\n` });
    expect(read('Dockerfile')).not.toContain(NEW);
  });
});
