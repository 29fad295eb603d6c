// The data that the console's page gets as JSON. It imports nothing, so that the page can share it.

/** A problem that keeps events from flowing, as a sentence. */
export interface Standstill {
  /** What stands still: a topic, a consumer group, an instance. */
  readonly subject: string;
  readonly reason: string;
}

/** Events per second, or requests per second. Undefined until there are two samples. */
export type Rate = number | undefined;

/** The member of a consumer group that an instance runs. */
export interface ConsumerView {
  readonly group: string;
  /** By topic; empty while it is joining the group. */
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  /** Restarts by the watchdog, because it lagged and made no progress. */
  readonly restarts: number;
  readonly isUp: boolean;
  readonly detail?: string;
}

/** One process, as it states itself. */
export interface InstanceView {
  /** New with each start. */
  readonly id: string;
  /** Host or pod. */
  readonly name: string;
  readonly modules: readonly string[];
  readonly version: string;
  readonly commit: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** `gone`: it has not stated itself for a while. */
  readonly status: 'ready' | 'degraded' | 'not-ready' | 'gone';
  /** Dependencies that are down, with the reason. */
  readonly down: Readonly<Record<string, string>>;
  readonly consumers: readonly ConsumerView[];
  readonly commandsPerSecond: Rate;
  readonly memoryBytes: number;
}

export interface OutboxView {
  readonly topic: string;
  /** Undefined while the database is unavailable. */
  readonly events?: number;
  readonly oldestSeconds?: number;
  /** Aggregates whose next event the topic refuses. */
  readonly setAside: number;
}

export interface TopicView {
  readonly topic: string;
  readonly records: number;
  readonly perSecond: Rate;
  /** Of events as JSON, before compression. */
  readonly bytesPerSecond: Rate;
  readonly partitions: readonly { readonly partition: number; readonly end: number; readonly perSecond: Rate }[];
}

export interface GroupView {
  readonly group: string;
  readonly topic: string;
  /** Events that the group has not processed; undefined while unknown. */
  readonly lag?: number;
  /** Age of the oldest of them. */
  readonly lagSeconds?: number;
  /** Processed events per second. */
  readonly perSecond: Rate;
  /** Dead letters that are pending. */
  readonly deadLetters?: number;
  /** Seconds for which it has lagged and processed nothing; 0 if it makes progress. */
  readonly stillSeconds: number;
}

/** The documents of one collection that is derived from the log. */
export interface CopyView {
  readonly module: string;
  readonly collection: string;
  readonly documents: number;
}

/** What the console can run on a module. A rehearsal changes nothing. */
export type JobKind = 'verify' | 'replay-rehearsal' | 'replay' | 'republish-rehearsal' | 'republish';

/** A run on a module that the console has started. */
export interface JobView {
  readonly id: string;
  readonly kind: JobKind;
  readonly module: string;
  /** The instance that runs it. */
  readonly instance: string;
  readonly actor?: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly phase: string;
  readonly read: number;
  readonly total: number;
  /** Undefined while it runs. */
  readonly outcome?: 'done' | 'findings' | 'failed' | 'aborted';
  readonly findings: readonly string[];
  readonly summary?: string;
}

/** One sample of the whole system, once a second. */
export interface Flow {
  /** RFC 3339. */
  readonly at: string;
  /** Completed requests that may change something. */
  readonly commandsPerSecond: Rate;
  readonly readsPerSecond: Rate;
  /** Responses with status 500 and above. */
  readonly failuresPerSecond: Rate;
  readonly instances: readonly InstanceView[];
  readonly outboxes: readonly OutboxView[];
  readonly topics: readonly TopicView[];
  readonly groups: readonly GroupView[];
  readonly copies: readonly CopyView[];
  readonly jobs: readonly JobView[];
  readonly standstills: readonly Standstill[];
}

/** What the viewer may do, and where. */
export interface Session {
  readonly actor?: string;
  readonly mayAct: boolean;
  readonly mayOpen: boolean;
  /** Modules that this process runs. */
  readonly modules: readonly string[];
  readonly version: string;
  /** Topics of aggregates, with the name of one: `accounts.customer.change`, `customer`. */
  readonly kinds: readonly {
    readonly topic: string;
    readonly member: string;
    readonly module: string;
    readonly isHere: boolean;
  }[];
}

export interface ChangeView {
  readonly version: number;
  readonly type: string;
  readonly eventId: string;
  readonly time: string;
  readonly changed: readonly string[];
  readonly actor?: string;
  readonly hash?: string;
  readonly partition: number;
  readonly offset: number;
}

/** The changes of one aggregate, oldest first, and its copies. */
export interface Timeline {
  readonly topic: string;
  readonly member: string;
  readonly id: string;
  /** The newest version in the system of record; undefined if only the history has the aggregate. */
  readonly version?: number;
  readonly isErased: boolean;
  readonly changes: readonly ChangeView[];
  /** True if older changes than these are not shown. */
  readonly isCut: boolean;
  readonly copies: readonly AggregateCopy[];
}

/** A copy of an aggregate in another context. */
export interface AggregateCopy {
  readonly module: string;
  readonly collection: string;
  readonly version?: number;
  /** Versions that the copy lacks. */
  readonly behind: number;
  /** Age of the oldest of these changes, if the history has it. */
  readonly behindSeconds?: number;
}

/** An aggregate as of one version. */
export interface PastState {
  readonly version: number;
  /** Undefined if the state was forgotten, or is not stored. */
  readonly state?: unknown;
  /** True if the viewer may not see the personal part. */
  readonly isMasked: boolean;
  /** Whether the event's hash fits its content and its predecessor; undefined if that cannot be told. */
  readonly isIntact?: boolean;
  readonly reason?: string;
}

/** One action of a person, as the audit list has it. */
export interface ActionView {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly actor?: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  /** Sentences, at most 100. */
  readonly findings?: readonly string[];
}

/** A record that a search found. */
export interface FoundEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key?: string;
  readonly id?: string;
  readonly type?: string;
  readonly time?: string;
  readonly sequence?: string;
  readonly actor?: string;
  readonly trace?: string;
  readonly bytes: number;
}

/** A record of the log. */
export interface EventView extends FoundEvent {
  readonly headers: Readonly<Record<string, string>>;
  /** As it is stored; without data if the viewer may not see personal data. */
  readonly raw?: string;
  /** The data with its personal part. */
  readonly opened?: unknown;
  readonly isMasked: boolean;
  /** Whether the hash fits the content; undefined without a hash. */
  readonly isIntact?: boolean;
  /** Why it is not opened. */
  readonly reason?: string;
}

/** One version of a type of event, as the log has it and as the code knows it. */
export interface ContractView {
  readonly topic: string;
  readonly type: string;
  readonly version: number;
  /** The version that the module publishes now. */
  readonly isCurrent: boolean;
  /** An upcaster translates it to the next version. */
  readonly hasUpcaster: boolean;
  /** Seen among the newest records. */
  readonly seen: number;
  /** RFC 3339 time of the newest one that was seen. */
  readonly newest?: string;
  /** Other modules that say what they need of it. */
  readonly neededBy: readonly string[];
}

export interface Contracts {
  readonly items: readonly ContractView[];
  /** Newest records of each partition that were looked at. */
  readonly depth: number;
  /** Records that are no events. */
  readonly unreadable: number;
}

/** An erasure of a person, as the log has it. */
export interface ErasureView {
  readonly topic: string;
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly actor?: string;
  /** Undefined if another process attests it. */
  readonly awaited?: readonly string[];
}
