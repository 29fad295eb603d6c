// How much a system needs: formulas over the measured constants and a planner's inputs. Pure functions.
import { DEFAULT_PARTITIONS, MAX_PODS, MIN_PODS, TEMPORARY_GB } from './facts.mjs';
import { TIERS } from './inputs.mjs';

/** @typedef {import('./constants.mjs').Constants} Constants */
/** @typedef {import('./inputs.mjs').Inputs} Inputs */

const GB = 1e9;
const SECONDS_A_YEAR = 365 * 24 * 3_600;
export const HOURS_A_MONTH = 730;

/** Numbers of events, aggregates and commands. @param {Inputs} inputs */
export function counts({ customers, years, changesPerYear, ordersPerYear, eventsPerOrder, erasedShare, peakFactor }) {
  const orders = customers * ordersPerYear * years;
  const erased = customers * erasedShare;
  const customerEvents = customers * (1 + changesPerYear * years) + erased;
  // An erasure redacts each order that the customer has by then: half of them, if erasures are spread over the years.
  const orderEvents = orders * eventsPerOrder + (orders * erasedShare) / 2;
  const meanCommands = (customerEvents + orderEvents) / (years * SECONDS_A_YEAR);
  return {
    orders,
    keys: customers - erased,
    copies: customers - erased,
    customerEvents,
    orderEvents,
    events: customerEvents + orderEvents,
    meanCommands,
    peakCommands: meanCommands * peakFactor,
  };
}

/** Gigabytes in the topics, of one replica and of all. @param {Inputs} inputs @param {Constants} constants */
export function kafka(inputs, constants) {
  const { customerEvents, orderEvents, keys } = counts(inputs);
  const customers = (customerEvents * sizeOf('customerEvent', inputs, constants)) / GB;
  const orders = (orderEvents * sizeOf('orderEvent', inputs, constants)) / GB;
  // Compaction leaves the newest record of each person.
  const keysTopic = (keys * sizeOf('keyRecord', inputs, constants)) / GB;
  const one = customers + orders + keysTopic;
  const all = one * inputs.replicas;
  // A copy of a topic to another number of partitions needs its space once more.
  const disk = ((one + Math.max(customers, orders)) * inputs.replicas) / inputs.diskFill;
  return { customers, orders, keys: keysTopic, one, all, disk };
}

/** @param {'customerEvent' | 'orderEvent' | 'keyRecord'} name @param {Inputs} inputs @param {Constants} constants */
function sizeOf(name, { eventsInBatch }, constants) {
  const size = constants[/** @type {import('./constants.mjs').ConstantName} */ (`${name}.${eventsInBatch}`)];
  if (size === undefined) throw new Error('eventsInBatch must be 1, 10 or 83: only these were measured');
  return size;
}

/** Gigabytes in MongoDB, of one member. @param {Inputs} inputs @param {Constants} constants */
export function mongodb(inputs, constants) {
  const { customers, hotDocuments, hotIndexes, idempotentShare, cacheShare, diskFill, oplogHours, replicas } = inputs;
  const { orders, copies, customerEvents, orderEvents, meanCommands, peakCommands } = counts(inputs);
  const collection = (
    /** @type {string} */ name,
    /** @type {number} */ number,
    /** @type {'account' | 'accountHistory' | 'order' | 'orderHistory' | 'copy' | 'key'} */ of,
    each = 1,
  ) => ({
    name,
    bson: (number * constants[`${of}.bson`]) / each / GB,
    file: (number * constants[`${of}.file`]) / each / GB,
    indexes: (number * constants[`${of}.indexes`]) / each / GB,
  });
  const { accountVersions } = constants;
  const accounts = [
    collection('customer.accounts', customers, 'account'),
    // The indexes of this collection were measured for a customer, not for a version.
    collection('customer.history', customerEvents, 'accountHistory', accountVersions),
  ];
  const ofOrders = [
    collection('customer.orders', orders, 'order'),
    collection('order.history', orderEvents, 'orderHistory'),
    collection('customers', copies, 'copy'),
    collection('customer.keys', copies, 'key'),
  ];
  const all = [...accounts, ...ofOrders];
  const remembered = (meanCommands * 24 * 3_600 * idempotentShare * constants.rememberedCommand) / GB;
  const file = sum(all, 'file') + remembered;
  const indexes = sum(all, 'indexes');
  const larger = Math.max(
    sum(accounts, 'file') + sum(accounts, 'indexes'),
    sum(ofOrders, 'file') + sum(ofOrders, 'indexes'),
  );
  // Of each command: the state and the event, the trimming, the history, the copy.
  const perCommand =
    constants['account.bson'] +
    constants.pendingEvent +
    constants['accountHistory.bson'] / accountVersions +
    constants['copy.bson'];
  const oplog = (peakCommands * oplogHours * 3_600 * perCommand) / GB;
  return {
    collections: all,
    file,
    indexes,
    one: file + indexes,
    all: (file + indexes) * replicas,
    oplog,
    // What waits in the documents after an hour of the peak without Kafka.
    outboxAnHour: (peakCommands * 3_600 * constants.pendingEvent) / GB,
    // A replay writes the collections of one module a second time.
    disk: (file + indexes + larger + oplog) / diskFill,
    memory: (hotIndexes * indexes + hotDocuments * sum(all, 'bson')) / cacheShare,
  };
}

/** The smallest set of equal shards of Atlas that holds it; one shard is a replica set. @param {{ disk: number, memory: number }} need in GB */
export function shardsFor({ disk, memory }) {
  const largest = /** @type {import('./inputs.mjs').Tier} */ (TIERS.at(-1));
  const shards = Math.max(1, Math.ceil(memory / largest.memory), Math.ceil(disk / largest.maxDisk));
  const tier = TIERS.find((each) => each.memory >= memory / shards && each.maxDisk >= disk / shards) ?? largest;
  return { shards, tier };
}

/** Cores and pods at the peak. @param {Inputs} inputs @param {Constants} constants */
export function processes(inputs, constants) {
  const { peakCommands } = counts(inputs);
  const micros = constants.commandMicros + inputs.readsPerCommand * inputs.readMicros;
  const cores = (peakCommands * micros) / 1e6 / inputs.cpuFill;
  // Of each of the two modules.
  const pods = Math.max(MIN_PODS, Math.ceil(cores / 2 / inputs.podCores));
  // So that a module that was away for an hour of the peak catches up within an hour.
  const consumers = Math.ceil((2 * peakCommands) / constants.consumedPerSecond);
  const partitions =
    DEFAULT_PARTITIONS * 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(pods, consumers) / DEFAULT_PARTITIONS)));
  return { cores, pods, partitions, memoryGb: (2 * pods * constants.podMegabytes) / 1_000 };
}

/**
 * Hours of a rebuild, and gigabytes in its temporary folder. For one worker: several divide the hours by almost their number.
 * Orders reads the customers' events as well as its own. Since: of a checkpoint that is a day old.
 * @param {Inputs} inputs @param {Constants} constants
 */
export function rebuilds(inputs, constants) {
  const { customerEvents, events, orders } = counts(inputs);
  const aDay = 1 / (inputs.years * 365);
  const since = (/** @type {number} */ aggregates, /** @type {number} */ all) =>
    hours(aggregates, constants.lookedAtPerSecond) + hours(all * aDay, constants.verifiedPerSecond);
  const hours = (/** @type {number} */ number, /** @type {number} */ perSecond) => number / perSecond / 3_600;
  return {
    replayAccounts: hours(customerEvents, constants.replayedPerSecond),
    replayOrders: hours(events, constants.replayedPerSecond),
    verifyAccounts: hours(customerEvents, constants.verifiedPerSecond),
    verifyOrders: hours(events, constants.verifiedPerSecond),
    sinceAccounts: since(inputs.customers, customerEvents),
    sinceOrders: since(inputs.customers + orders, events),
    replayDisk: (events * constants.replayScratch) / GB,
    verifyDisk: (events * constants.verifyScratch) / GB,
  };
}

/** Dollars a month. @param {Inputs} inputs @param {Constants} constants */
export function dollars(inputs, constants) {
  const log = kafka(inputs, constants);
  const data = mongodb(inputs, constants);
  const { cores, pods } = processes(inputs, constants);
  const { shards, tier } = shardsFor(data);
  // Each customer event is written once and read by both modules, each order event once by its own.
  const moved = 3 * log.customers + 2 * log.orders;
  const extra = Math.max(0, data.disk - shards * tier.included);
  const parts = {
    kafka:
      inputs.kafkaUnits * inputs.kafkaUnitHour * HOURS_A_MONTH +
      log.all * inputs.kafkaStorage +
      (moved / inputs.years / 12) * inputs.kafkaTransfer,
    mongodb:
      shards * tier.hour * HOURS_A_MONTH +
      extra * inputs.mongodbStorage +
      data.one * inputs.backupCopies * inputs.backup,
    kubernetes: (inputs.kubernetesHour + Math.max(cores, 2 * pods) * inputs.coreHour) * HOURS_A_MONTH,
  };
  return { ...parts, all: parts.kafka + parts.mongodb + parts.kubernetes };
}

/**
 * What the project and its manifests allow as they are, and how much of that is needed: above 1, something must be done.
 * @typedef {{ what: string, need: number, has: number, unit: string }} Limit
 * @param {Inputs} inputs @param {Constants} constants
 * @returns {readonly Limit[]}
 */
export function limits(inputs, constants) {
  const { verifyDisk, replayDisk, replayOrders } = rebuilds(inputs, constants);
  const { disk, memory } = mongodb(inputs, constants);
  const { pods, partitions } = processes(inputs, constants);
  const largest = /** @type {import('./inputs.mjs').Tier} */ (TIERS.at(-1));
  return [
    {
      what: 'the temporary folder of a rebuild',
      need: Math.max(replayDisk, verifyDisk || 0),
      has: TEMPORARY_GB,
      unit: 'GB',
    },
    { what: 'a replay within a day', need: replayOrders, has: 24, unit: 'hours' },
    { what: 'memory of one replica set', need: memory, has: largest.memory, unit: 'GB' },
    { what: 'disk of one replica set', need: disk, has: largest.maxDisk, unit: 'GB' },
    { what: 'pods of a module', need: pods, has: MAX_PODS, unit: 'pods' },
    { what: 'partitions of a topic', need: partitions, has: DEFAULT_PARTITIONS, unit: 'partitions' },
  ];
}

/** The limits that are exceeded, that by most first. @param {readonly Limit[]} all */
export function exceeded(all) {
  const tooSmall = all.filter(({ need, has }) => need > has);
  return tooSmall.toSorted((one, other) => other.need / other.has - one.need / one.has);
}

/**
 * The number of customers up to which a limit is enough, to a percent.
 * @param {string} what of a limit @param {Inputs} inputs @param {Constants} constants
 */
export function enoughUntil(what, inputs, constants) {
  const isEnough = (/** @type {number} */ customers) =>
    !exceeded(limits({ ...inputs, customers }, constants)).some((limit) => limit.what === what);
  let [least, most] = [1, 1e15];
  while (most / least > 1.01) {
    const middle = Math.sqrt(least * most);
    if (isEnough(middle)) least = middle;
    else most = middle;
  }
  return least;
}

/** @template {string} Name @param {readonly Record<Name, number>[]} all @param {Name} name */
function sum(all, name) {
  return all.reduce((total, each) => total + each[name], 0);
}
