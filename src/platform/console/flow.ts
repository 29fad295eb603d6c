import type { ConsumerLag } from '../consuming/consumer-lag.js';
import type { PendingCount } from '../consuming/pending-dead-letters.js';
import type { Extent } from '../log/bus.js';
import type { BacklogReport } from '../outbox/backlog-watch.js';
import type {
  CopyView,
  Flow,
  GroupView,
  InstanceView,
  JobView,
  OutboxView,
  Rate,
  Standstill,
  TopicView,
} from './api.js';

/** What an instance states about itself. Counts are since its start. */
export interface InstanceStatus extends Omit<InstanceView, 'commandsPerSecond'> {
  /** RFC 3339. */
  readonly at: string;
  readonly commands: number;
  readonly reads: number;
  readonly failures: number;
  readonly outboxes: readonly BacklogReport[];
  /** Bytes that it published, by topic. */
  readonly publishedBytes: Readonly<Record<string, number>>;
  readonly copies: readonly CopyView[];
  readonly jobs: readonly JobView[];
  /** Settings with secrets masked. */
  readonly settings: Readonly<Record<string, string>>;
}

/** One look at the whole system. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly instances: readonly InstanceStatus[];
  /** By topic. */
  readonly extents: ReadonlyMap<string, readonly Extent[]>;
  readonly lags: readonly ConsumerLag[];
  readonly deadLetters: readonly PendingCount[];
}

/** What an instance does a second; undefined until it has stated itself twice. */
interface Rates {
  readonly commands: Rate;
  readonly reads: Rate;
  readonly failures: Rate;
  /** By topic. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** A sample with the flow that follows from it and the samples before. */
export interface Flowing {
  readonly sample: Sample;
  /** By id of the instance. */
  readonly rates: ReadonlyMap<string, Rates>;
  readonly flow: Flow;
}

/** Seconds of standstill that are worth saying. */
const STILL_SECONDS = 5;

/** Returns the flow at a sample. Rates are the differences to the sample before. */
export function flowAt(sample: Sample, before?: Flowing): Flowing {
  const seconds = before ? (sample.at - before.sample.at) / 1_000 : 0;
  const rate = (now: number | undefined, then: number | undefined): Rate =>
    seconds > 0 && now !== undefined && then !== undefined ? Math.max(0, now - then) / seconds : undefined;
  const rates = new Map(sample.instances.map((each) => [each.id, ratesOf(each, before)] as const));
  const instances = sample.instances.map((each) => toInstance(each, rates.get(each.id)?.commands));
  const topics = [...sample.extents].map(([topic, extents]) => ({
    ...toTopic(topic, extents, before?.sample.extents.get(topic), rate),
    bytesPerSecond: sumOf([...rates.values()].map(({ bytes }) => bytes[topic])),
  }));
  const groups = sample.lags.map((lag) => toGroup(lag, sample, before, rate));
  const outboxes = outboxesOf(sample.instances);
  const flow: Omit<Flow, 'standstills'> = {
    at: new Date(sample.at).toISOString(),
    commandsPerSecond: sumOf([...rates.values()].map(({ commands }) => commands)),
    readsPerSecond: sumOf([...rates.values()].map(({ reads }) => reads)),
    failuresPerSecond: sumOf([...rates.values()].map(({ failures }) => failures)),
    ...{ instances, outboxes, topics, groups },
    copies: copiesOf(sample.instances),
    jobs: sample.instances.flatMap(jobsOf),
  };
  return { sample, rates, flow: { ...flow, standstills: standstillsOf(flow) } };
}

function sumOf(rates: readonly Rate[]): Rate {
  const known = rates.filter((rate) => rate !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0);
}

/** Each instance has a clock of its own, and states itself less often than there are samples. */
function ratesOf(now: InstanceStatus, before: Flowing | undefined): Rates {
  const then = before?.sample.instances.find(({ id }) => id === now.id);
  if (then?.at === now.at && now.status !== 'gone') return before?.rates.get(now.id) ?? NO_RATES;
  const seconds = then && now.status !== 'gone' ? (Date.parse(now.at) - Date.parse(then.at)) / 1_000 : 0;
  if (!then || !(seconds > 0)) return NO_RATES;
  const rate = (count: 'commands' | 'reads' | 'failures') => Math.max(0, now[count] - then[count]) / seconds;
  const bytes = Object.entries(now.publishedBytes).map(
    ([topic, count]) => [topic, Math.max(0, count - (then.publishedBytes[topic] ?? 0)) / seconds] as const,
  );
  return {
    ...{ commands: rate('commands'), reads: rate('reads'), failures: rate('failures') },
    bytes: Object.fromEntries(bytes),
  };
}

const NO_RATES: Rates = { commands: undefined, reads: undefined, failures: undefined, bytes: {} };

function toInstance(instance: InstanceStatus, commandsPerSecond: Rate): InstanceView {
  const { id, name, modules, version, commit, startedAt, status, down, memoryBytes } = instance;
  return {
    ...{ id, name, modules, version, commit, startedAt, status, down, memoryBytes, commandsPerSecond },
    // Others have its partitions by now.
    consumers: status === 'gone' ? [] : instance.consumers,
  };
}

/** Nobody knows how the jobs of an instance that is gone will end. */
function jobsOf({ status, at, jobs }: InstanceStatus): readonly JobView[] {
  if (status !== 'gone') return jobs;
  const lost = {
    phase: 'ended',
    outcome: 'failed',
    summary: 'its instance has stopped, or cannot reach Kafka',
  } as const;
  return jobs.map((job) => (job.outcome === undefined ? { ...job, ...lost, endedAt: at } : job));
}

function toTopic(
  topic: string,
  extents: readonly Extent[],
  before: readonly Extent[] | undefined,
  rate: (now: number | undefined, then: number | undefined) => Rate,
): Omit<TopicView, 'bytesPerSecond'> {
  const partitions = extents
    .filter(({ isFormer }) => !isFormer)
    .sort((one, other) => one.partition - other.partition)
    .map(({ partition, end }) => ({
      ...{ partition, end },
      perSecond: rate(end, before?.find((each) => each.partition === partition)?.end),
    }));
  return {
    ...{ topic, partitions },
    records: extents.reduce((sum, { first, end }) => sum + end - first, 0),
    perSecond: rate(endsOf(extents), endsOf(before)),
  };
}

function endsOf(extents: readonly Extent[] | undefined): number | undefined {
  return extents?.reduce((sum, { end, isFormer }) => sum + (isFormer ? 0 : end), 0);
}

function toGroup(
  { topic, group, lag, seconds }: ConsumerLag,
  sample: Sample,
  before: Flowing | undefined,
  rate: (now: number | undefined, then: number | undefined) => Rate,
): GroupView {
  const isSame = (each: { readonly topic: string; readonly group: string }) =>
    each.topic === topic && each.group === group;
  const lagBefore = before?.sample.lags.find(isSame)?.lag;
  const processed = processedOf(sample.extents.get(topic), lag);
  const processedBefore = processedOf(before?.sample.extents.get(topic), lagBefore);
  const pending = sample.deadLetters.find(isSame)?.pending;
  const still = before?.flow.groups.find(isSame)?.stillSeconds ?? 0;
  const stands = lag !== undefined && lag > 0 && processed === processedBefore;
  const elapsed = before ? (sample.at - before.sample.at) / 1_000 : 0;
  return {
    ...{ topic, group },
    ...(lag !== undefined && { lag }),
    ...(seconds !== undefined && { lagSeconds: seconds }),
    ...(pending !== undefined && { deadLetters: pending }),
    perSecond: rate(processed, processedBefore),
    stillSeconds: stands ? still + elapsed : 0,
  };
}

function processedOf(extents: readonly Extent[] | undefined, lag: number | undefined): number | undefined {
  const end = endsOf(extents);
  return end === undefined || lag === undefined ? undefined : end - lag;
}

/** The instances of a module have the same outbox: the newest count of it. */
function outboxesOf(instances: readonly InstanceStatus[]): OutboxView[] {
  const newest = new Map<string, OutboxView & { readonly asOf?: string }>();
  for (const { outboxes, status } of instances) {
    for (const report of status === 'gone' ? [] : outboxes) {
      const { topic, asOf = '' } = report;
      const known = newest.get(topic);
      const setAside = Math.max(report.setAside, known?.setAside ?? 0);
      newest.set(topic, { ...(known && (known.asOf ?? '') > asOf ? known : report), setAside });
    }
  }
  return [...newest.values()].map(({ topic, events, oldestSeconds, setAside }) => ({
    ...{ topic, setAside },
    ...(events !== undefined && { events }),
    ...(oldestSeconds !== undefined && { oldestSeconds }),
  }));
}

function copiesOf(instances: readonly InstanceStatus[]): CopyView[] {
  // The latter count: not those of an instance that is gone.
  const isGone = ({ status }: InstanceStatus) => status === 'gone';
  const counting = [...instances.filter(isGone), ...instances.filter((each) => !isGone(each))];
  const found = new Map(
    counting.flatMap(({ copies }) => copies.map((copy) => [`${copy.module} ${copy.collection}`, copy] as const)),
  );
  return [...found.values()];
}

function standstillsOf({ instances, outboxes, groups }: Omit<Flow, 'standstills'>): Standstill[] {
  return [
    ...instances.flatMap(({ name, modules, status, down }): Standstill[] => {
      const subject = `${modules.join(', ')} on ${name}`;
      if (status === 'gone') return [{ subject, reason: 'has stopped, or cannot reach Kafka' }];
      const reasons = Object.entries(down).map(([dependency, reason]) => `${dependency}: ${reason}`);
      return reasons.map((reason) => ({ subject, reason }));
    }),
    ...outboxes.flatMap(({ topic, events, oldestSeconds = 0, setAside }): Standstill[] => [
      ...(events === undefined
        ? [{ subject: topic, reason: 'the outbox is unknown: the database does not answer' }]
        : []),
      ...(oldestSeconds >= STILL_SECONDS
        ? [{ subject: topic, reason: `events have waited to be published for ${Math.floor(oldestSeconds)} s` }]
        : []),
      ...(setAside > 0
        ? [{ subject: topic, reason: `the topic refuses the next event of ${setAside} aggregates` }]
        : []),
    ]),
    ...groups.flatMap(({ group, topic, lag, stillSeconds }): Standstill[] => {
      const subject = `${group}, reading ${topic}`;
      if (lag === undefined) return [{ subject, reason: 'the consumer lag is unknown: the log does not answer' }];
      if (stillSeconds < STILL_SECONDS) return [];
      return [{ subject, reason: `${lag} events behind, and nothing processed for ${Math.floor(stillSeconds)} s` }];
    }),
  ];
}
