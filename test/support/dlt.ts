import { RunningProcess, type Settings } from './run-process.js';

/** `node dist/main.js dlt ...`, to its end. */
export async function dlt(settings: Settings, module: string, ...args: string[]) {
  const command = new RunningProcess(['dlt', ...args, '--module', module], settings);
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
