import type { Admin, Kafka } from 'kafkajs';
import { KafkaAdmin } from './admin.js';
import { extentsOf, remaining } from './topics.js';

/** Assigned partitions, by topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

/**
 * Finds the partitions on which a group lags. It uses its own connection, because a stalled consumer may be stalled by
 * its connection.
 */
export class KafkaLag {
  private readonly admin: KafkaAdmin;

  /**
   * @param timeoutMs timeout of each request
   * @param beginsOf returns where the group begins the partitions of a topic, if it has committed no offset
   */
  constructor(
    kafka: Kafka,
    private readonly group: string,
    timeoutMs: number,
    private readonly beginsOf: (topic: string) => readonly number[],
  ) {
    this.admin = new KafkaAdmin(kafka, { timeoutMs, retry: { retries: 0 } });
  }

  /**
   * Returns the assigned partitions with uncommitted records, as `topic/partition`.
   * @throws Error when Kafka does not answer in time
   */
  behindIn(assigned: Assignment): Promise<readonly string[]> {
    return this.admin.ask((admin) => partitionsBehind(admin, this.group, assigned, this.beginsOf));
  }

  close(): void {
    void this.admin.close();
  }
}

async function partitionsBehind(
  admin: Admin,
  groupId: string,
  assigned: Assignment,
  beginsOf: (topic: string) => readonly number[],
): Promise<string[]> {
  const behind: string[] = [];
  const committed = await admin.fetchOffsets({ groupId, topics: [...assigned.keys()] });
  for (const [topic, partitions] of assigned) {
    const taken = committed.find((each) => each.topic === topic)?.partitions ?? [];
    for (const { partition, first, end } of remaining(await extentsOf(admin, topic), taken, beginsOf(topic))) {
      if (first < end && partitions.includes(partition)) behind.push(`${topic}/${partition}`);
    }
  }
  return behind;
}
