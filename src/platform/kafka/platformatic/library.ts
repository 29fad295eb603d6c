// The parts of @platformatic/kafka that are used. The package is optional, so its own types may be missing.

/** Settings of every client of the library. Times are in milliseconds. */
export interface ClientOptions {
  readonly clientId: string;
  readonly bootstrapBrokers: readonly string[];
  readonly connectTimeout: number;
  readonly requestTimeout: number;
  /** Time in which a broker shall answer a produce request. */
  readonly timeout: number;
  readonly retries: number;
  readonly retryDelay: number;
  readonly metadataMaxAge: number;
  readonly autocreateTopics: false;
  readonly tls?: object;
  readonly tlsServerName?: boolean;
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: string };
  /** Identifies the client's connections in diagnostics channels. */
  readonly context: string;
}

export interface PartitionMetadata {
  readonly leader: number;
  readonly leaderEpoch: number;
}

export interface TopicMetadata {
  readonly id: string;
  readonly partitions: readonly PartitionMetadata[];
  readonly partitionsCount: number;
}

export interface Metadata {
  readonly brokers: ReadonlyMap<number, unknown>;
  readonly topics: ReadonlyMap<string, TopicMetadata | undefined>;
}

interface Client {
  metadata(options: { topics: string[]; forceUpdate?: boolean }): Promise<Metadata>;
  on(event: string, listener: (payload: never) => void): unknown;
}

export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Buffers are different keys, so a name may occur more than once. */
  readonly headers: ReadonlyMap<Buffer, Buffer>;
}

export interface Producer extends Client {
  send(request: { readonly messages: readonly Message[]; readonly compression: string }): Promise<{
    readonly offsets?: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[];
  }>;
  close(force?: boolean): Promise<void>;
}

export interface FetchedRecord {
  readonly offsetDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

export interface RecordsBatch {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly producerId: bigint;
  readonly records: readonly FetchedRecord[];
}

export interface FetchedPartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly abortedTransactions?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null;
  readonly records: readonly RecordsBatch[] | null;
}

export interface FetchResponse {
  readonly responses: readonly { readonly topicId: string; readonly partitions: readonly FetchedPartition[] }[];
}

export interface FetchRequest {
  readonly node: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly currentLeaderEpoch: number;
      readonly fetchOffset: bigint;
      readonly lastFetchedEpoch: number;
      readonly partitionMaxBytes: number;
    }[];
  }[];
}

export interface JoinEvent {
  readonly assignments: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

export interface Consumer extends Client {
  memberId: string | null;
  generationId: number;
  /** The topics that it is about, which decide what metadata it fetches. */
  readonly topics: { trackAll(...topics: readonly string[]): unknown };
  joinGroup(options: object): Promise<unknown>;
  fetch(request: FetchRequest): Promise<FetchResponse>;
  commit(request: {
    readonly offsets: readonly {
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly leaderEpoch: number;
    }[];
  }): Promise<void>;
  /** Returns by topic and partition the offset that the group has committed, or a negative one. */
  listCommittedOffsets(request: {
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  }): Promise<ReadonlyMap<string, readonly (bigint | undefined)[]>>;
  /** @param request.timestamp -2 for the oldest records */
  listOffsets(request: {
    readonly topics: readonly string[];
    readonly partitions: Readonly<Record<string, readonly number[]>>;
    readonly timestamp: bigint;
  }): Promise<ReadonlyMap<string, readonly (bigint | undefined)[]>>;
  close(force?: boolean): Promise<void>;
}

/** Compresses batches, for the whole process. */
export interface Algorithm {
  compress?: unknown;
  compressSync(data: Buffer): Buffer;
  decompressSync(data: Buffer): Buffer;
}

export interface Library {
  readonly Producer: new (options: ClientOptions & { readonly idempotent: true }) => Producer;
  readonly Consumer: new (
    options: ClientOptions & { readonly groupId: string } & Readonly<Record<string, unknown>>,
  ) => Consumer;
  readonly compressionsAlgorithms: Record<string, Algorithm>;
}
