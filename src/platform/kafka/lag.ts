import type { Admin, Kafka } from 'kafkajs';
import { KafkaAdmin } from './admin.js';
import { extentsOf } from './topics.js';

/** Partitions by topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

/**
 * Finds out which partitions a group is behind in, with a connection of its own: what keeps the consumer from moving may
 * be its connection, and must not keep this from telling.
 */
export class KafkaLag {
  private readonly admin: KafkaAdmin;

  /** @param timeoutMs milliseconds that an answer may take */
  constructor(
    kafka: Kafka,
    private readonly group: string,
    timeoutMs: number,
  ) {
    this.admin = new KafkaAdmin(kafka, { timeoutMs, retry: { retries: 0 } });
  }

  /**
   * Those of the partitions that hold records which the group has not taken, as `topic/partition`.
   * @throws Error when Kafka does not tell in time
   */
  behindIn(assigned: Assignment): Promise<readonly string[]> {
    return this.admin.ask((admin) => partitionsBehind(admin, this.group, assigned));
  }

  close(): void {
    void this.admin.close();
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
