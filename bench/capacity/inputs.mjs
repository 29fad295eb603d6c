// What a planner assumes and pays. Each is an option of bench/capacity.mjs.

/** @typedef {{ value: number, unit: string, meaning: string }} Input */

/** How the system is used: assumptions, not measurements. @satisfies {Record<string, Input>} */
export const USAGE = {
  customers: { value: 1_000_000, unit: 'customers', meaning: 'customers, registered in the course of these years' },
  years: { value: 3, unit: 'years', meaning: 'age of the system: the log keeps every event' },
  changesPerYear: { value: 1, unit: 'a year', meaning: 'changes of a customer' },
  ordersPerYear: { value: 4, unit: 'a year', meaning: 'orders of a customer' },
  eventsPerOrder: { value: 2, unit: 'events', meaning: 'placed, and shipped or cancelled' },
  erasedShare: { value: 0.03, unit: 'share', meaning: 'customers that were erased in these years' },
  peakFactor: { value: 10, unit: 'times', meaning: 'commands a second at the peak, to the mean of the year' },
  readsPerCommand: { value: 10, unit: 'requests', meaning: 'requests that only read, for each command' },
  eventsInBatch: { value: 1, unit: 'events', meaning: 'events in a batch of Kafka: 1, 10 or 83, as measured' },
  hotDocuments: { value: 0.1, unit: 'share', meaning: 'documents that are in use in the same hour or so' },
  hotIndexes: { value: 0.5, unit: 'share', meaning: 'indexes that are: less than all, because ids and times grow' },
  idempotentShare: { value: 1, unit: 'share', meaning: 'commands with an `Idempotency-Key`, kept for a day' },
};

/** How the servers are set up. @satisfies {Record<string, Input>} */
export const SETUP = {
  replicas: { value: 3, unit: 'replicas', meaning: 'of a topic, and members of a MongoDB shard' },
  diskFill: { value: 0.7, unit: 'share', meaning: 'of a disk that is used' },
  cpuFill: { value: 0.7, unit: 'share', meaning: 'of a CPU that is used at the peak, as the autoscalers aim for' },
  cacheShare: { value: 0.5, unit: 'share', meaning: 'of the memory that MongoDB uses as its cache' },
  readMicros: {
    value: 130,
    unit: 'µs',
    meaning: 'CPU time of a request that reads ([measured by hand](operations.md#logs))',
  },
  podCores: { value: 2, unit: 'cores', meaning: 'most that a pod uses: one thread, and some for others' },
  oplogHours: { value: 24, unit: 'hours', meaning: 'of changes in the oplog' },
};

/**
 * Prices in US dollars. They change: check them on the page that is named.
 * @satisfies {Record<string, Input>}
 */
export const PRICES = {
  kafkaUnitHour: { value: 0.75, unit: '$ an hour', meaning: 'eCKU of a Confluent Cloud Standard cluster' },
  kafkaUnits: { value: 1, unit: 'eCKU', meaning: 'on average' },
  kafkaStorage: {
    value: 0.08,
    unit: '$ per GB and month',
    meaning: 'Confluent Cloud Standard, for each of three replicas',
  },
  kafkaTransfer: { value: 0.05, unit: '$ per GB', meaning: 'Confluent Cloud Standard, written or read' },
  mongodbStorage: {
    value: 0.5,
    unit: '$ per GB and month',
    meaning: 'Atlas, beyond the storage of the tier, for three members',
  },
  coreHour: {
    value: 0.0335,
    unit: '$ an hour',
    meaning: 'a core with 4 GB: a quarter of an e2-standard-4 of Google Cloud',
  },
  kubernetesHour: { value: 0.1, unit: '$ an hour', meaning: 'the Kubernetes cluster itself' },
  backup: { value: 0, unit: '$ per GB and month', meaning: 'backups of MongoDB; **give your own**, 0 leaves them out' },
  backupCopies: { value: 2, unit: 'times', meaning: 'the data, that the backups of 30 days take' },
};

/**
 * Tiers of MongoDB Atlas: memory and largest disk in GB of a member, storage that is included in GB, dollars an hour.
 * @typedef {{ name: string, memory: number, included: number, maxDisk: number, hour: number }} Tier
 * @type {readonly Tier[]}
 */
export const TIERS = [
  { name: 'M30', memory: 8, included: 40, maxDisk: 512, hour: 0.54 },
  { name: 'M40', memory: 16, included: 80, maxDisk: 1_024, hour: 1.04 },
  { name: 'M50', memory: 32, included: 160, maxDisk: 4_096, hour: 2 },
  { name: 'M60', memory: 64, included: 320, maxDisk: 4_096, hour: 3.95 },
  { name: 'M80', memory: 128, included: 750, maxDisk: 4_096, hour: 7.3 },
  { name: 'M140', memory: 192, included: 1_000, maxDisk: 4_096, hour: 10.99 },
  { name: 'M200', memory: 256, included: 1_500, maxDisk: 4_096, hour: 14.59 },
];

/**
 * Where the prices are from, and how they were read. Whoever reads a page again changes price and time here.
 * @type {readonly { what: string, page: string, read: string }[]}
 */
export const PRICE_PAGES = [
  {
    what: 'Confluent Cloud Standard',
    page: 'https://www.confluent.io/confluent-cloud/pricing/',
    read: 'by others, 2026-07',
  },
  {
    what: 'Confluent counts storage after replication',
    page: 'https://docs.confluent.io/cloud/current/billing/overview.html',
    read: 'by others, 2026',
  },
  {
    what: 'tiers of Atlas, on AWS in the east of the USA',
    page: 'https://www.mongodb.com/pricing',
    read: 'by others, 2026-06-04',
  },
  {
    what: 'storage of Atlas: $0.11 an hour for 160 GB more of an M30',
    page: 'https://www.mongodb.com/docs/atlas/billing/invoice-breakdown/',
    read: 'from a copy, undated',
  },
  {
    what: 'e2-standard-4 at $0.134 an hour, and the cluster',
    page: 'https://cloud.google.com/compute/vm-instance-pricing',
    read: 'by others, undated',
  },
];

export const INPUTS = { ...USAGE, ...SETUP, ...PRICES };
/** @typedef {keyof typeof INPUTS} InputName */
/** @typedef {Readonly<Record<InputName, number>>} Inputs */

/** The inputs with other values for some of them. @param {Partial<Inputs>} [others] @returns {Inputs} */
export function inputsWith(others = {}) {
  const defaults = Object.entries(INPUTS).map(([name, { value }]) => [name, value]);
  return { .../** @type {Inputs} */ (Object.fromEntries(defaults)), ...others };
}
