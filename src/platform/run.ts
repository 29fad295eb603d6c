import { isMainThread } from 'node:worker_threads';
import { runCommandLine } from './commands/command-line.js';
import type { Context } from './context/define-context.js';

/**
 * Runs a command for these contexts (default: `serve`) and ends the process with its exit code: 1 after a failure, 2 for
 * invalid arguments.
 * @example await run([accounts, orders]);
 */
export async function run(contexts: readonly Context[], args = process.argv.slice(2)): Promise<never> {
  if (!isMainThread) {
    // A thread of a command. The other arguments are those of the main thread.
    await (await import('./commands/rebuild-worker.js')).runRebuildWorker(contexts);
    process.exit();
  }
  process.exit(await runCommandLine(contexts, args));
}
