import { RunningProcess, type Settings } from './run-process.js';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the built program, run to its end. */
export async function runCommand(settings: Settings, ...args: string[]): Promise<Ended> {
  const command = new RunningProcess(args, settings);
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
