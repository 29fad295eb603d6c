// Runs the process from src/ and restarts it after a change: npm run dev [-- flags of serve]. swc compiles, in
// milliseconds; types are checked and routes are generated at the same time, and the restart waits for neither.
import { once } from 'node:events';
import { existsSync, readdirSync, watch } from 'node:fs';
import path from 'node:path';
import { complain, Service, startTool } from './dev/children.mjs';
import { CompiledSources } from './dev/compiled-sources.mjs';

const OUT = '.dev';
/** Editors write a file in several steps, and git writes many files. */
const QUIET_MS = 50;
const TYPE_CHECK = ['-p', 'tsconfig.build.json', '--noEmit', '--tsBuildInfoFile', `${OUT}/.tsbuildinfo`, '--watch'];

const sources = new CompiledSources(OUT);
const service = new Service([`${OUT}/main.js`, 'serve', ...process.argv.slice(2)]);
/** @type {import('node:fs').FSWatcher[]} */
let watchers = [];
/** @type {NodeJS.Timeout | undefined} */
let quiet;
let updating = Promise.resolve();
let [isTouched, isStale, isUngenerated, isGenerating, isEnding] = [false, false, false, false, false];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end);
await once(startTool('scripts/generate.mjs'), 'exit');
await update();
const asPrinted = process.stdout.isTTY ? ['--preserveWatchOutput', '--pretty'] : ['--preserveWatchOutput'];
startTool('node_modules/typescript/bin/tsc', ...TYPE_CHECK, ...asPrinted);

async function update() {
  if (isEnding) return;
  const wasTouched = isTouched;
  isTouched = false;
  watchAgain();
  // Routes that are being written are read once they are complete.
  const isGenerated = (/** @type {string} */ file) => file.split(path.sep).includes('generated');
  const { changed, errors } = await sources.update((file) => !isGenerating || !isGenerated(file));
  for (const error of errors) complain(error);
  isStale ||= changed.length > 0;
  isUngenerated ||= !changed.every(isGenerated);
  if (errors.length === 0 && (isStale || (wasTouched && service.hasEnded))) {
    isStale = false;
    await service.stop();
    if (!isEnding) service.start();
  }
  if (isUngenerated && !isGenerating) generate();
}

function generate() {
  [isGenerating, isUngenerated] = [true, false];
  startTool('scripts/generate.mjs').once('exit', () => {
    isGenerating = false;
    updateSoon();
  });
}

/** Folder by folder: Node's recursive watching on Linux loses a file that another one is renamed to. */
function watchAgain() {
  for (const watcher of watchers) watcher.close();
  const entries = readdirSync('src', { recursive: true, withFileTypes: true });
  const folders = entries.flatMap((entry) => (entry.isDirectory() ? [path.join(entry.parentPath, entry.name)] : []));
  watchers = ['src', ...folders.filter(existsSync)].map((folder) => watch(folder, noteChange).on('error', noteChange));
}

function noteChange() {
  isTouched = true;
  updateSoon();
}

function updateSoon() {
  clearTimeout(quiet);
  quiet = setTimeout(() => (updating = updating.then(update).catch(updateLater)), QUIET_MS);
}

/** @param {Error} error of a folder that went away as it was read, for example */
function updateLater({ message }) {
  complain(message);
  setTimeout(updateSoon, 1_000);
}

async function end() {
  isEnding = true;
  await service.stop();
  process.exit(0);
}
