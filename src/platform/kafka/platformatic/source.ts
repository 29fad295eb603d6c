import { causesOf } from '../../tools/connection-failure.js';
import { MAX_FETCH_BYTES } from '../compression.js';
import type { Assignment } from '../lag.js';
import type { ClientOptions, Consumer, FetchedPartition, FetchResponse, Library, Metadata } from './library.js';

const READ_COMMITTED = 1;
const OUT_OF_RANGE = 1;
/** `ListOffsetTimestamps.EARLIEST` */
const OLDEST = -2n;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** A partition, and the offset of the record that is fetched next. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** What was fetched of a partition. */
export interface Fetched extends Place {
  readonly fetched: FetchedPartition;
}

/** Sizes and times of a fetch. */
export interface FetchLimits {
  /** Milliseconds that the broker waits for records. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** Of each partition; a larger batch is fetched alone. */
  readonly partitionBytes: number;
}

export const CONTINUOUSLY = { minBytes: 1, partitionBytes: MAX_FETCH_BYTES };

/** Some of the places are not in the log. */
export class OutOfRange extends Error {
  constructor(readonly places: readonly Place[]) {
    super('the log does not have these offsets');
  }
}

/** Fetches from brokers, without a consumer group. At most one request at a time of each broker. */
export class Source {
  private readonly consumer: Consumer;

  constructor(
    library: Library,
    client: ClientOptions,
    private readonly topics: readonly string[],
  ) {
    // The library wants a group, which it never joins.
    this.consumer = new library.Consumer({ ...client, groupId: 'none' });
    this.consumer.topics.trackAll(...topics);
  }

  /** Returns the leaders of the partitions, as last seen. @param forceUpdate asks Kafka in any case */
  metadata(forceUpdate = false): Promise<Metadata> {
    return this.consumer.metadata({ topics: [...this.topics], forceUpdate });
  }

  /** Returns all partitions of the topics. */
  async partitions(): Promise<Assignment> {
    const { topics } = await this.metadata();
    return new Map([...topics].map(([topic, known]) => [topic, [...Array(known?.partitionsCount ?? 0).keys()]]));
  }

  /** Fetches partitions of one broker. @throws OutOfRange, or the library's error if one of the partitions failed */
  async fetch(node: number, places: readonly Place[], limits: FetchLimits, metadata: Metadata): Promise<Fetched[]> {
    const ids = new Map<string, string>();
    const wanted = new Map<string, Place[]>();
    for (const place of places) {
      const { id = '' } = metadata.topics.get(place.topic) ?? {};
      ids.set(id, place.topic);
      wanted.set(id, [...(wanted.get(id) ?? []), place]);
    }
    const { maxWaitMs, minBytes, partitionBytes } = limits;
    const request = this.consumer.fetch({
      ...{ node, maxWaitTime: maxWaitMs, minBytes, maxBytes: MAX_RESPONSE_BYTES, isolationLevel: READ_COMMITTED },
      topics: [...wanted].map(([topicId, each]) => ({
        topicId,
        partitions: each.map(({ partition, next }) => ({
          ...{ partition, fetchOffset: BigInt(next), partitionMaxBytes: partitionBytes },
          ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
        })),
      })),
    });
    const responses = await request.catch((error: unknown) => {
      const outside = placesIn(responseIn(error), wanted, ({ errorCode }) => errorCode === OUT_OF_RANGE);
      throw outside.length > 0 ? new OutOfRange(outside) : error;
    });
    return placesIn(responses, wanted, ({ records }) => records !== null && records.length > 0);
  }

  /** Returns the offset of a partition's oldest record. */
  async oldest({ topic, partition }: Place): Promise<number> {
    const found = await this.consumer.listOffsets({
      ...{ topics: [topic], partitions: { [topic]: [partition] }, timestamp: OLDEST },
    });
    return Number(found.get(topic)?.[partition] ?? 0n);
  }

  close(): Promise<void> {
    return this.consumer.close(true);
  }
}

function placesIn(
  { responses }: FetchResponse,
  wanted: ReadonlyMap<string, readonly Place[]>,
  isWanted: (fetched: FetchedPartition) => boolean,
): Fetched[] {
  return responses.flatMap(({ topicId, partitions }) =>
    partitions.filter(isWanted).flatMap((fetched) => {
      const place = wanted.get(topicId)?.find(({ partition }) => partition === fetched.partitionIndex);
      return place ? [{ ...place, fetched }] : [];
    }),
  );
}

/** A response with an error in one partition is an error as a whole, but has the others. */
function responseIn(error: unknown): FetchResponse {
  const response = causesOf(error).find((cause) => 'response' in cause) as { response?: FetchResponse } | undefined;
  return { responses: response?.response?.responses ?? [] };
}

/** Returns the broker to fetch a partition from; undefined if it has none at the moment. */
export function leaderOf({ topics }: Metadata, { topic, partition }: Omit<Place, 'next'>): number | undefined {
  return topics.get(topic)?.partitions[partition]?.leader;
}
