import type { EachBatchPayload } from 'kafkajs';
import type { Lease } from '../log/lease.js';

/** The hold on a partition while some of its records are handled. */
export class KafkaLease implements Lease {
  private readonly ending = new AbortController();
  /** What the client has to be told for its group to be joined again; undefined where nothing was refused. */
  refusal: Error | undefined;

  /** `topic/partition` */
  readonly partition: string;
  private sign: 'new' | 'alive' | 'silent' = 'new';

  constructor(private readonly payload: Pick<EachBatchPayload, 'batch' | 'heartbeat' | 'isRunning' | 'isStale'>) {
    this.partition = `${payload.batch.topic}/${payload.batch.partition}`;
  }

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  async heartbeat(): Promise<void> {
    const { heartbeat, isRunning, isStale } = this.payload;
    this.sign = 'alive';
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

  /** Whether the handler has given a sign of life since this was last asked; `new` where it was not asked before. */
  takeSign(): 'new' | 'alive' | 'silent' {
    const { sign } = this;
    this.sign = 'silent';
    return sign;
  }

  end(): void {
    this.ending.abort(new Error('the consumer lets go of the partition'));
  }
}
