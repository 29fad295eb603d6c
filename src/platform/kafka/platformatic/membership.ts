import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelay } from '../../tools/backoff.js';
import { causesOf } from '../../tools/connection-failure.js';
import { withTimeout } from '../../tools/timeout.js';
import type { Assignment } from '../lag.js';
import type { Offsets } from '../record-client.js';
import type { ClientOptions, Consumer, JoinEvent, Library } from './library.js';

/** The name by which kafkajs knows this way to share partitions. So both clients may be in one group. */
const PROTOCOLS = [{ name: 'RoundRobinAssigner', version: 0 }];
const NO_DATA = Buffer.alloc(0);
const JOIN_RETRIES = 5;
const COMMIT_ATTEMPTS = 3;
/** Time that a broker may need to answer, after the members of the group have joined. */
const ANSWER_MS = 5_000;

/** Settings of a {@link Membership}. */
export interface MembershipOptions {
  readonly group: string;
  /** Milliseconds. */
  readonly sessionTimeout: number;
  join(assigned: Assignment): void;
  /** The assignment ends. Resolves when no handler runs any more: until then the group waits. */
  release(): Promise<void>;
  /** It is no longer a member, and does not join again. */
  lost(error: Error): void;
}

/**
 * The membership in a consumer group. It sends heartbeats by itself, also while a handler hangs: the watchdog notices
 * that.
 */
export class Membership {
  private readonly member: Consumer;
  /** Has its own connection, because a broker answers nothing on one on which it lets a member wait for the group. */
  private readonly committer: Consumer;

  constructor(
    library: Library,
    clientOptions: (retries: number) => ClientOptions,
    private readonly options: MembershipOptions,
  ) {
    const { group: groupId, sessionTimeout } = options;
    const rebalanceTimeout = 2 * sessionTimeout;
    const client = clientOptions(JOIN_RETRIES);
    this.member = new library.Consumer({
      ...{ ...client, groupId, sessionTimeout, rebalanceTimeout, protocols: PROTOCOLS },
      requestTimeout: Math.max(client.requestTimeout, rebalanceTimeout + ANSWER_MS),
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      // The library asks for these before it joins, also when it joins again.
      protocolsMetadata: async () => {
        await options.release();
        return NO_DATA;
      },
    });
    // With retries, a commit that is refused would join the group.
    this.committer = new library.Consumer({ ...clientOptions(0), groupId });
    this.member.on('consumer:group:join', ({ assignments }: JoinEvent) => this.joined(assignments));
    this.member.on('consumer:heartbeat:stalled', ({ lastError }: { lastError?: Error }) =>
      options.lost(lastError ?? new Error('heartbeats get no answer')),
    );
    this.member.on('error', (error: Error) => options.lost(error));
  }

  /** Resolves when it has joined. */
  async join(topics: readonly string[]): Promise<void> {
    this.member.topics.trackAll(...topics);
    await this.member.joinGroup({});
  }

  /** Returns by `topic/partition` the offsets that the group has committed. */
  async committed(assigned: Assignment): Promise<ReadonlyMap<string, number>> {
    const topics = [...assigned].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
    const found = await this.tryAgain(() => this.committer.listCommittedOffsets({ topics }));
    const entries = [...found].flatMap(([topic, offsets]) =>
      offsets.flatMap((offset = -1n, partition) =>
        offset < 0n ? [] : [[`${topic}/${partition}`, Number(offset)] as const],
      ),
    );
    return new Map(entries);
  }

  /** @throws Error when the group has given the partitions to others; the membership ends or is renewed then */
  async commit({ topics }: Offsets): Promise<void> {
    const offsets = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset), leaderEpoch: -1 })),
    );
    try {
      await this.tryAgain(() => this.committer.commit({ offsets }));
    } catch (error) {
      // The next heartbeat is refused, too, and the member joins again.
      if (isRefused(error)) void this.options.release();
      throw error;
    }
  }

  async leave(): Promise<void> {
    const closed = Promise.allSettled([this.member.close(true), this.committer.close(true)]);
    // A broker that does not answer notices by itself.
    await withTimeout(ANSWER_MS, closed).catch(() => undefined);
  }

  private joined(assignments: JoinEvent['assignments']): void {
    const { memberId, generationId } = this.member;
    Object.assign(this.committer, { memberId, generationId });
    this.options.join(new Map(assignments.map(({ topic, partitions }) => [topic, partitions])));
  }

  private async tryAgain<T>(ask: () => Promise<T>): Promise<T> {
    for (let failures = 0; ;) {
      try {
        return await ask();
      } catch (error) {
        failures += 1;
        if (failures === COMMIT_ATTEMPTS || isRefused(error)) throw error;
        await sleep(backoffDelay(failures));
      }
    }
  }
}

/** True if the group does not know the member as it was. */
function isRefused(error: unknown): boolean {
  return causesOf(error).some((cause) => (cause as { needsRejoin?: unknown }).needsRejoin === true);
}
