import { tryParse } from '../event/parse-cloud-event.js';
import { type Bus, type LoggedRecord, type PartitionLag, recordsBehind } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import type { Subscription } from './subscription.js';

/** The lag of one consumer group on one topic. All is undefined while the bus is unavailable. */
export interface ConsumerLag {
  readonly topic: string;
  readonly group: string;
  /** In records. */
  readonly lag?: number;
  /** Age of the oldest record that the group has not consumed, in seconds; 0 if there is none. */
  readonly seconds?: number;
  readonly partitions?: readonly LaggingPartition[];
}

/** How far a group is in one partition. */
export interface LaggingPartition extends PartitionLag {
  /** In records. */
  readonly lag: number;
  /** As {@link ConsumerLag.seconds}; undefined while the bus does not return the record. */
  readonly seconds?: number;
}

type Consumed = Pick<Subscription, 'topic' | 'group'>;
type LaggedLog = Pick<Bus, 'consumerLag' | 'firstRecord'>;

/** The first record of a partition that a group has not consumed. */
interface Unconsumed {
  /** When this process first saw that the group had not consumed it, by the monotonic clock. */
  readonly seenAt: number;
  /** Milliseconds since the epoch, from the event; undefined if the record is not readable. */
  readonly time: number | undefined;
}

/** Returns a function that reports the current lag of each subscription. It never throws and never waits long. */
export function consumerLags(
  bus: LaggedLog,
  subscriptions: readonly Consumed[],
): () => Promise<readonly ConsumerLag[]> {
  const watches = subscriptions.map((consumed) => new LagWatch(bus, consumed));
  const latest = cached(() => Promise.all(watches.map((watch) => watch.report())));
  return async () => (await latest()) ?? subscriptions.map(({ topic, group }) => ({ topic, group }));
}

/** Measures the lag of one subscription. A record that stays the oldest one is read once. */
class LagWatch {
  /** By partition and offset. */
  private oldest = new Map<string, Unconsumed>();

  constructor(
    private readonly bus: LaggedLog,
    private readonly consumed: Consumed,
  ) {}

  /** @throws the error of the bus when it does not return the offsets */
  async report(): Promise<ConsumerLag> {
    const { topic, group } = this.consumed;
    const lags = await this.bus.consumerLag(group, topic);
    const lagging = lags.filter(({ next, end }) => next < end);
    const found = await Promise.all(lagging.map(async (each) => [nameOf(each), await this.find(each)] as const));
    this.oldest = new Map(found.flatMap(([name, record]) => (record ? [[name, record] as const] : [])));
    const partitions = lags.map((each): LaggingPartition => {
      const seconds = each.next < each.end ? ageOf(this.oldest.get(nameOf(each))) : 0;
      return { ...each, lag: each.end - each.next, ...(seconds !== undefined && { seconds }) };
    });
    const ages = partitions.map(({ seconds }) => seconds);
    const isKnown = !ages.includes(undefined);
    const lag = recordsBehind(lags);
    return { topic, group, lag, ...(isKnown && { seconds: Math.max(0, ...(ages as number[])) }), partitions };
  }

  /** Resolves with undefined if the bus does not return the record. */
  private async find({ partition, next, end }: PartitionLag): Promise<Unconsumed | undefined> {
    const known = this.oldest.get(nameOf({ partition, next, end }));
    if (known) return known;
    try {
      const record = await this.bus.firstRecord(this.consumed.topic, partition, next);
      return { seenAt: performance.now(), time: record && timeOf(record) };
    } catch {
      return undefined;
    }
  }
}

function nameOf({ partition, next }: PartitionLag): string {
  return `${partition}@${next}`;
}

/** Returns the event's time in milliseconds since the epoch; undefined for a record that is no event. */
function timeOf(record: LoggedRecord): number | undefined {
  const { ce_time: header } = record.headers;
  const time = Date.parse(typeof header === 'string' ? header : (tryParse(record)?.time ?? ''));
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Returns the longer of two, in seconds: the age by the event's time, and the time for which this process has seen the
 * record unconsumed. The time may be in the future, or the record not readable.
 */
function ageOf(record: Unconsumed | undefined): number | undefined {
  if (!record) return undefined;
  const { seenAt, time } = record;
  const seen = performance.now() - seenAt;
  return Math.max(seen, time === undefined ? 0 : Date.now() - time) / 1000;
}
