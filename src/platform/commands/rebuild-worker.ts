import { parentPort, workerData } from 'node:worker_threads';
import type { Context } from '../context/define-context.js';
import { type Coordinating, rebuildPart } from '../maintenance/rebuild-worker.js';
import type { WorkerData, Working } from '../maintenance/rebuild-workers.js';
import { ThreadCalls, type ThreadPort } from '../tools/thread-calls.js';
import { Interrupted } from './command.js';
import { withConnections } from './connections.js';

/** Does the part of a rebuild that the thread is told to do, with connections of its own. */
export async function runRebuildWorker(contexts: readonly Context[]): Promise<void> {
  const { rebuildOf } = workerData as WorkerData;
  const context = contexts.find(({ name }) => name === rebuildOf) as Context;
  const stopping = new AbortController();
  await new Promise<void>((resolve) => {
    const calls: ThreadCalls<Coordinating> = new ThreadCalls(parentPort as ThreadPort, {
      fill: (part) =>
        withConnections(context, (connections) => rebuildPart(connections, part, calls.other, stopping.signal)).finally(
          // In the next turn, so that the answer is sent.
          () => setImmediate(resolve),
        ),
      stop: () => stopping.abort(new Interrupted('the rebuild was stopped')),
    } satisfies Working);
  });
}
