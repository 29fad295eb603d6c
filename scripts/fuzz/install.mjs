import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, once, run } from '../servers/downloads.mjs';

const requirements = join(import.meta.dirname, 'requirements.txt');

/** One line that says what the machine lacks, or undefined. @returns {string | undefined} */
export function missingPython() {
  const fits = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  return spawnSync('python3', ['-c', fits]).status === 0
    ? undefined
    : 'Python 3.10 or later with venv is missing: on Debian or Ubuntu `apt-get install python3-venv`, on macOS `brew install python`.';
}

/** Installs Schemathesis as pinned, once, outside the repository. @param {(line: string) => void} log @returns {Promise<string>} its python */
export async function install(log) {
  const { stdout: version } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(dirname(cache), 'fuzz', key);
  await once(home, async (folder) => {
    log('Installing Schemathesis with pip (once) ...');
    await run('python3', '-m', 'venv', folder);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await run(join(folder, 'bin', 'python'), ...pip);
  });
  // The programs beside it name the folder that was renamed; the interpreter finds its own.
  return join(home, 'bin', 'python');
}
