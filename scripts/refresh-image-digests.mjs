// Pins the images of others by digest: `node scripts/refresh-image-digests.mjs --help`
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filesIn } from './digest.mjs';

const help = `Usage: node scripts/refresh-image-digests.mjs [--check]

Writes the current digest of each tag into Dockerfile, compose.yaml and kubernetes/, as name:tag@sha256:...
Reads the digests from the images' registries without credentials.

  --check   lists the digests that differ and changes nothing; exits 1 if there are any
  --help    prints this

Exits 2 if a digest cannot be read; then nothing is changed.
`;

/** @typedef {{ name: string, digest: string | undefined }} Image its name with registry and tag */

/** A name with a registry, so not the images that are built here. Groups: name with tag, digest. */
const IMAGE =
  /(?<=^ARG \w+_IMAGE=|^[ -]*image: (?:&\w+ )?)((?:[\w-]+[.:])[\w.:-]*\/[\w./-]+:[\w.-]+)(?:@(sha256:[0-9a-f]{64}))?(?=\s*$)/gm;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** An index first: its digest is the same for all platforms. */
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const TIMEOUT_MS = 30_000;

export function filesWithImages() {
  const manifests = filesIn('kubernetes').filter((file) => file.endsWith('.yaml'));
  return ['Dockerfile', 'compose.yaml', ...manifests.toSorted()];
}

/** @param {string} text @returns {Image[]} */
export function imagesIn(text) {
  return [...text.matchAll(IMAGE)].map(([, name = '', digest]) => ({ name, digest }));
}

/** @param {string} text @param {Map<string, string>} digests by name with tag */
export function pinImages(text, digests) {
  return text.replace(IMAGE, (all, /** @type {string} */ name) => {
    const digest = digests.get(name);
    return digest === undefined ? all : `${name}@${digest}`;
  });
}

/** Asks the registry which digest a tag has now. @param {string} name with registry and tag @returns {Promise<string>} */
export async function fetchDigest(name) {
  const slash = name.indexOf('/');
  const colon = name.lastIndexOf(':');
  const url = `${apiOf(name.slice(0, slash))}/v2/${name.slice(slash + 1, colon)}/manifests/${name.slice(colon + 1)}`;
  const ask = (/** @type {Record<string, string>} */ headers) =>
    fetch(url, { method: 'HEAD', headers: { accept: ACCEPT, ...headers }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  let response = await ask({});
  const challenge = response.headers.get('www-authenticate');
  if (response.status === 401 && challenge) {
    response = await ask({ authorization: `Bearer ${await anonymousToken(name, challenge)}` });
  }
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  const digest = response.headers.get('docker-content-digest') ?? '';
  if (!DIGEST.test(digest)) throw new Error(`${name}: no digest in the registry's response`);
  return digest;
}

/** @param {string} registry */
function apiOf(registry) {
  if (/^(?:localhost|127\.0\.0\.1)(?::|$)/.test(registry)) return `http://${registry}`;
  return `https://${registry === 'docker.io' ? 'registry-1.docker.io' : registry}`;
}

/** @param {string} name @param {string} challenge of the registry: realm, service and scope */
async function anonymousToken(name, challenge) {
  const { realm, ...query } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  if (realm === undefined) throw new Error(`${name}: the registry offers no anonymous token`);
  const response = await fetch(`${realm}?${new URLSearchParams(query)}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${name}: status ${response.status} for an anonymous token`);
  const { token, access_token } = /** @type {Record<string, string>} */ (await response.json());
  return token ?? access_token;
}

/** @param {boolean} check */
async function refresh(check) {
  const files = filesWithImages().map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  /** @type {Map<string, string>} */
  const digests = new Map();
  for (const { name } of files.flatMap(({ text }) => imagesIn(text))) {
    if (!digests.has(name)) digests.set(name, await fetchDigest(name));
  }
  let differ = 0;
  for (const { file, text } of files) {
    for (const { name, digest } of imagesIn(text)) {
      if (digest === digests.get(name)) continue;
      differ += 1;
      console.log(`${file}: ${name}: ${digest ?? 'no digest'}, now ${digests.get(name)}`);
    }
    if (!check) writeFileSync(file, pinImages(text, digests));
  }
  if (differ === 0) console.log('All digests are current.');
  return check && differ > 0 ? 1 : 0;
}

async function main() {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(help);
  process.exitCode = await refresh(values.check === true);
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  main().catch((/** @type {Error} */ error) => {
    const { cause } = error;
    console.error(cause instanceof Error ? `${error.message}: ${cause.message}` : error.message);
    process.exitCode = 2;
  });
}
