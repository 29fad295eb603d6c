// The compiler leaves out what is not TypeScript; what is read at run time goes along, and which commit it is.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.json')) cpSync(path.join('src', file), path.join('dist', file));
}

writeFileSync('dist/build.json', JSON.stringify({ commit: commit() }));

/** An image is built without git, and told by COMMIT. */
function commit() {
  if (process.env.COMMIT) return process.env.COMMIT;
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
