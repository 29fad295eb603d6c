import type { StartAt } from '../log/bus.js';
import type { Member } from './record-client.js';
import type { TopicView } from './topic-view.js';

/** Seeks the assigned partitions of a consumer to their start positions, once per assignment. */
export class PartitionStarts {
  /** By `topic/partition`, in Kafka's terms. */
  private started = new Map<string, Promise<void>>();

  constructor(private readonly startAt: StartAt | undefined) {}

  /** Forgets the former assignment. */
  reset(): void {
    this.started = new Map();
  }

  /** True if the partition is assigned. @param topic its name in Kafka */
  has(topic: string, partition: number): boolean {
    return this.started.has(nameOf(topic, partition));
  }

  /** Resolves once the partition is at its start position. If it throws, the next call tries again. */
  async begin(member: Member, view: TopicView, partition: number): Promise<void> {
    const name = nameOf(view.name, partition);
    const { started } = this;
    const starting = started.get(name) ?? this.seek(member, view, partition);
    started.set(name, starting);
    try {
      await starting;
    } catch (error) {
      if (started.get(name) === starting) started.delete(name);
      throw error;
    }
  }

  private async seek(member: Member, view: TopicView, partition: number): Promise<void> {
    const { started } = this;
    const { topic, name, firstPartition, continues } = view;
    const offset = await this.startAt?.(topic, firstPartition + partition, continues?.get(partition));
    // Meanwhile the partitions may have been assigned again.
    if (offset === undefined || started !== this.started) return;
    member.seek({ topic: name, partition, offset: String(offset) });
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
