// Builds dist/: generates, compiles, copies JSON that is read at run time, and removes files without a source. It compiles
// nothing if neither the sources nor dist/ have changed since the last build.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf, filesIn } from './digest.mjs';

const STAMP = 'dist/.digests.json';
const BUILD_INFO = path.join('dist', 'build.json');
/** Read at run time as they are. */
const IS_ASSET = /(?<!tsconfig)\.(?:json|html|css|svg)$/;
const isOutput = (/** @type {string} */ file) => !path.basename(file).startsWith('.') && file !== BUILD_INFO;

await import('./generate.mjs');

const sources = filesIn('src').filter(
  (file) => !/\.(?:spec|contract)\.ts$|^src\/platform\/testing(?:\.ts$|\/)/.test(file),
);
const inputs = digestOf([...sources, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']);
const outputsNow = () => digestOf(filesIn('dist').filter(isOutput));

const last = readStamp();
if (last.outputs !== outputsNow()) {
  // A build was interrupted, or somebody changed a file: the compiler's incremental information no longer holds.
  rmSync('dist', { recursive: true, force: true });
}
if (last.inputs !== inputs || last.outputs !== outputsNow()) {
  // A folder with settings of its own is compiled apart: the console's page runs in browsers, and has their types.
  const apart = sources.filter((file) => path.basename(file) === 'tsconfig.json');
  const flags = ['--noEmit', 'false', '--noEmitOnError', '--rootDir', 'src', '--outDir', 'dist'];
  for (const project of [['-p', 'tsconfig.build.json'], ...apart.map((file) => ['-p', file, ...flags])]) {
    const compiler = ['node_modules/typescript/bin/tsc', ...project];
    const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
  }
  for (const file of sources.filter((each) => IS_ASSET.test(each))) cpSync(file, inDist(file));
  removeOrphans();
  writeFileSync(STAMP, JSON.stringify({ inputs, outputs: outputsNow() }));
}
writeFileSync(BUILD_INFO, JSON.stringify({ commit: commit() }));

/** @returns {{ inputs?: string, outputs?: string }} digests at the end of the last build */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

function removeOrphans() {
  const made = new Set(
    sources.flatMap((file) => {
      const output = inDist(file);
      const name = output.replace(/tsx?$/, '');
      return /\.tsx?$/.test(file) ? [`${name}js`, `${name}js.map`] : [output];
    }),
  );
  for (const file of filesIn('dist')) if (isOutput(file) && !made.has(file)) rmSync(file);
}

/** @param {string} source */
function inDist(source) {
  return path.join('dist', path.relative('src', source));
}

/** An image is built without git, and told by COMMIT. */
function commit() {
  if (process.env.COMMIT) return process.env.COMMIT;
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
