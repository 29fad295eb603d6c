import type { Lease } from '../log/lease.js';
import type { MemberBatch } from './record-client.js';

/** The claim on a partition while some of its records are handled. */
export class KafkaLease implements Lease {
  private readonly ending = new AbortController();
  /** The error that makes the member rejoin its group; undefined when no heartbeat was refused. */
  refusal: Error | undefined;

  /** `topic/partition` */
  readonly partition: string;
  private heartbeatState: 'new' | 'alive' | 'silent' = 'new';

  constructor(private readonly payload: Pick<MemberBatch, 'batch' | 'heartbeat' | 'isRunning' | 'isStale'>) {
    this.partition = `${payload.batch.topic}/${payload.batch.partition}`;
  }

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  async heartbeat(): Promise<void> {
    const { heartbeat, isRunning, isStale } = this.payload;
    this.heartbeatState = 'alive';
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

  /** Whether the handler has sent a heartbeat since the last call; `new` at the first call. */
  takeHeartbeatState(): 'new' | 'alive' | 'silent' {
    const { heartbeatState } = this;
    this.heartbeatState = 'silent';
    return heartbeatState;
  }

  end(): void {
    this.ending.abort(new Error('the consumer has released the partition'));
  }
}
