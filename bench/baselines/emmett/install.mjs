import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('.', import.meta.url);
const installedMark = new URL('node_modules/.package-lock.json', folder);

/** Installs what the baseline needs, unless it is there. @param {(line: string) => void} log */
export function installEmmett(log) {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', folder), 'utf8'));
  if (isInstalled(packages)) return;
  log('Installing Emmett for the bench (11 MB, once) ...');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: fileURLToPath(folder), stdio: 'inherit' });
}

/** @param {Record<string, { version?: string }>} wanted */
function isInstalled(wanted) {
  try {
    const { packages } = JSON.parse(readFileSync(installedMark, 'utf8'));
    return Object.entries(wanted).every(([path, { version }]) => path === '' || packages[path]?.version === version);
  } catch {
    return false;
  }
}
