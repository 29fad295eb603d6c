import type { EachBatchPayload } from 'kafkajs';
import { batched } from '../tools/batching.js';

/** A batch, and the offset up to which its records are handled. */
type Done = Pick<EachBatchPayload, 'batch' | 'commitOffsetsIfNecessary'> & { readonly next: number };

/** Returns a function that commits the offsets of concurrently handled partitions in one request. */
export function batchedCommits(): (done: Done) => Promise<void> {
  return batched<Done, void>({ maxBatch: 1_000, maxWaiting: Infinity }, async (done) => {
    const topics = [...new Set(done.map(({ batch }) => batch.topic))].map((topic) => ({
      topic,
      partitions: done
        .filter(({ batch }) => batch.topic === topic)
        .map(({ batch: { partition }, next }) => ({ partition, offset: String(next) })),
    }));
    await done.at(-1)?.commitOffsetsIfNecessary({ topics });
    return [];
  });
}
