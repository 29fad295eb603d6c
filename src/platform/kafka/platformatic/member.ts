import type { Assignment } from '../lag.js';
import type { BatchHandler, Member, MemberOptions } from '../record-client.js';
import { FetchLoops } from './fetch-loops.js';
import type { ClientOptions, Library } from './library.js';
import { Membership } from './membership.js';
import { Source } from './source.js';

/** Retries of the library itself. Each asks another broker. */
const FETCH_RETRIES = 1;

/** Consumes topics as a member of a group, or reads them without one. */
export class PlatformaticMember implements Member {
  readonly hasGroup: boolean;
  private membership: Membership | undefined;
  private loops: FetchLoops | undefined;
  private isEnded = false;

  constructor(
    private readonly library: Library,
    private readonly clientOptions: (retries: number) => ClientOptions,
    private readonly options: MemberOptions,
  ) {
    this.hasGroup = options.commits;
  }

  async start(topics: readonly string[], handle: BatchHandler): Promise<void> {
    await this.release();
    if (this.hasGroup) await this.joinGroup(topics, handle);
    else await this.readAll(topics, handle);
  }

  seek({ topic, partition, offset }: { topic: string; partition: number; offset: string }): void {
    this.loops?.seek(topic, partition, Number(offset));
  }

  async disconnect(): Promise<void> {
    this.isEnded = true;
    const { membership } = this;
    // Others get the partitions of a handler that hangs.
    const timer = setTimeout(() => void membership?.leave(), this.options.sessionTimeout);
    await this.release();
    clearTimeout(timer);
    await membership?.leave();
  }

  private async joinGroup(topics: readonly string[], handle: BatchHandler): Promise<void> {
    const { group, sessionTimeout, on } = this.options;
    const membership = new Membership(this.library, this.clientOptions, {
      ...{ group, sessionTimeout },
      join: (assigned) => {
        const commit = membership.commit.bind(membership);
        this.begin(topics, assigned, handle, commit, () => membership.committed(assigned));
      },
      release: () => this.release(),
      lost: (error) => {
        if (this.isEnded) return;
        this.loops?.stop();
        this.isEnded = true;
        void membership.leave();
        on.crash(error, false);
      },
    });
    this.membership = membership;
    await membership.join(topics);
  }

  private async readAll(topics: readonly string[], handle: BatchHandler): Promise<void> {
    const source = this.newSource(topics);
    const { mayFetch = () => true } = this.options;
    const all = await source.partitions().finally(() => void source.close().catch(() => undefined));
    const assigned = new Map(
      [...all].map(([topic, partitions]) => [topic, partitions.filter((each) => mayFetch(topic, each))]),
    );
    const nothing = () => Promise.resolve();
    this.begin(topics, assigned, handle, nothing, () => Promise.resolve(new Map()));
  }

  private begin(
    topics: readonly string[],
    assigned: Assignment,
    handle: BatchHandler,
    commit: Membership['commit'],
    committed: () => Promise<ReadonlyMap<string, number>>,
  ): void {
    this.loops?.stop();
    if (this.isEnded) return;
    const loops = new FetchLoops(assigned, { source: this.newSource(topics), member: this.options, handle, commit });
    this.loops = loops;
    this.options.on.join(assigned);
    void loops.run(committed);
  }

  /** Ends the loops. Resolves when no handler runs any more. */
  private async release(): Promise<void> {
    this.loops?.stop();
    await this.loops?.settled();
  }

  private newSource(topics: readonly string[]): Source {
    return new Source(this.library, this.clientOptions(FETCH_RETRIES), topics);
  }
}
