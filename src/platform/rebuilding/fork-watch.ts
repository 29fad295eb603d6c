import { type ForkedVersion, forkKey, type History } from '../views/history.js';

/** A topic and the history of its aggregates. */
export interface RecordedTopic {
  readonly topic: string;
  readonly history: Pick<History, 'forkedVersions' | 'isForkEnded'>;
}

/** Finds the aggregates of a context with an unresolved fork in the log. */
export class ForkWatch {
  /** Keys of resolved forks. A resolved fork stays resolved. */
  private readonly ended = new Set<string>();

  constructor(private readonly histories: readonly RecordedTopic[]) {}

  /**
   * Returns the first version with two events, for each such aggregate.
   * @throws PlatformError `unavailable`
   */
  async open(): Promise<readonly ForkedVersion[]> {
    const open = new Map<string, ForkedVersion>();
    for (const { history } of this.histories) {
      for (const fork of await history.forkedVersions()) {
        const key = forkKey(fork.id, fork.version);
        if (open.has(fork.id) || this.ended.has(key)) continue;
        if (await history.isForkEnded(fork)) this.ended.add(key);
        else open.set(fork.id, fork);
      }
    }
    return [...open.values()];
  }
}
