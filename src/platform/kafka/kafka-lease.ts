import type { EachBatchPayload } from 'kafkajs';
import type { Lease } from '../bus/lease.js';

/** The hold on a partition while some of its records are handled. */
export class KafkaLease implements Lease {
  private readonly ending = new AbortController();
  /** What the client has to be told for its group to be joined again; undefined where nothing was refused. */
  refusal: Error | undefined;

  constructor(private readonly batch: Pick<EachBatchPayload, 'heartbeat' | 'isRunning' | 'isStale'>) {}

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  async heartbeat(): Promise<void> {
    const { heartbeat, isRunning, isStale } = this.batch;
    if (!isRunning() || isStale()) this.end();
    this.signal.throwIfAborted();
    try {
      await heartbeat();
    } catch (error) {
      this.refusal = error as Error;
      this.ending.abort(error);
      throw error;
    }
  }

  end(): void {
    this.ending.abort(new Error('the consumer lets go of the partition'));
  }
}
