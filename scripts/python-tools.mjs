import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, once, run } from './servers/downloads.mjs';

/** One line that says what the machine lacks, or undefined. @returns {string | undefined} */
export function missingPython() {
  const fits = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  return spawnSync('python3', ['-c', fits]).status === 0
    ? undefined
    : 'Python 3.10 or later with venv is missing: on Debian or Ubuntu `apt-get install python3-venv`, on macOS `brew install python`.';
}

/**
 * Installs tools from PyPI as they are pinned, once, outside the repository.
 * @param {string} name of the cached folder @param {string} requirements pip's file of pins @param {(line: string) => void} log
 * @returns {Promise<string>} the folder of their programs, python among them
 */
export async function installPythonTools(name, requirements, log) {
  const { stdout: version } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(dirname(cache), name, key);
  await once(home, async (folder) => {
    log(`Installing the tools of ${name} with pip (once) ...`);
    await run('python3', '-m', 'venv', folder);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await run(join(folder, 'bin', 'python'), ...pip);
  });
  // Python scripts in it name the folder that was renamed, so modules are run with its interpreter, which finds its own.
  return join(home, 'bin');
}
