import type { Admin, Kafka } from 'kafkajs';
import { within } from '../within.js';
import { extentsOf } from './kafka-topics.js';

/** Partitions by topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

/**
 * Finds out which partitions a group is behind in. It has a connection of its own, and another one after every failure:
 * what keeps the consumer from moving may be its connection, and must not keep this from telling.
 */
export class KafkaLag {
  private admin: Promise<Admin> | undefined;

  /** @param patience milliseconds that an answer may take */
  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
    private readonly patience: number,
  ) {}

  /**
   * Those of the partitions that hold records which the group has not taken, as `topic/partition`.
   * @throws Error when Kafka does not tell in time
   */
  async behindIn(assigned: Assignment): Promise<readonly string[]> {
    this.admin ??= this.connect();
    const { admin } = this;
    try {
      return await within(
        this.patience,
        admin.then((connected) => partitionsBehind(connected, this.group, assigned)),
      );
    } catch (error) {
      this.forget(admin);
      throw error;
    }
  }

  close(): void {
    if (this.admin) this.forget(this.admin);
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin({ retry: { retries: 0 } });
    await admin.connect();
    return admin;
  }

  private forget(admin: Promise<Admin>): void {
    this.admin = undefined;
    // It may wait for an answer that never comes.
    void admin.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

async function partitionsBehind(admin: Admin, groupId: string, assigned: Assignment): Promise<string[]> {
  const behind: string[] = [];
  const committed = await admin.fetchOffsets({ groupId, topics: [...assigned.keys()] });
  for (const [topic, partitions] of assigned) {
    const taken = committed.find((each) => each.topic === topic)?.partitions ?? [];
    const next = new Map(taken.map(({ partition, offset }) => [partition, Number(offset)]));
    for (const { partition, first, end } of await extentsOf(admin, topic)) {
      const isBehind = Math.max(first, next.get(partition) ?? 0) < end;
      if (isBehind && partitions.includes(partition)) behind.push(`${topic}/${partition}`);
    }
  }
  return behind;
}
