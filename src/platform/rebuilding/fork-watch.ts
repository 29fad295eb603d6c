import { type ForkedVersion, forkKey, type History } from '../views/history.js';

/** The history of the aggregates that publish on a topic. */
export interface RecordedTopic {
  readonly topic: string;
  readonly history: Pick<History, 'forkedVersions' | 'isForkEnded'>;
}

/** Knows the aggregates of a context of which the log has two histories, while nobody has said which one counts. */
export class ForkWatch {
  /** Keys of forks that were ended; none goes back. */
  private readonly ended = new Set<string>();

  constructor(private readonly histories: readonly RecordedTopic[]) {}

  /**
   * The first version of each such aggregate under which there are two events.
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
