import { readFileSync } from 'node:fs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {import('./checks.mjs').Running} Running */

/** Those that docs/operations.md lists, and the rest of what changes nothing. @param {string} module @returns {string[][]} */
export function documentedCommands(module) {
  const lines = readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `node dist\/main\.js ([^`]+)` \|/gm);
  const listed = [...lines].map(([, command]) =>
    String(command)
      .replace(/--module \w+/, `--module ${module}`)
      .split(' '),
  );
  const ofModule = ['--module', module];
  return [
    ...listed,
    ['replay', ...ofModule, '--dry-run'],
    ['republish', ...ofModule, '--dry-run'],
    ['topics', 'create', ...ofModule],
    ['config', ...ofModule],
  ];
}

/**
 * Each of them ends with exit code 0, beside the services, with a root file system that is read-only.
 * @param {Engine} engine @param {Running} running @param {import('./checks.mjs').Log} log
 */
export async function checkCommands(engine, { module, flags }, log) {
  const commands = documentedCommands(module);
  for (const command of commands)
    await engine.run('podman', 'run', '--rm', ...flags, `localhost/${module}:check`, ...command);
  log(`${module}: ${commands.map(([name]) => name).join(', ')} run in it, read-only but for /tmp`);
}
