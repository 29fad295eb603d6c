// Words docs/capacity.md.
import { section } from '../report/markdown.mjs';
import { constantsIn } from './constants.mjs';
import { inputsWith, PRICES, SETUP, USAGE } from './inputs.mjs';
import {
  answerTable,
  constantsTable,
  inputsTable,
  limitsTable,
  pricePagesTable,
  storageTable,
  tiersLine,
} from './tables.mjs';

export const SIZES = [1e6, 1e8, 1e9];

/** @param {string} performance docs/performance.md, which has the measured constants */
export function capacityPage(performance) {
  const constants = constantsIn(performance);
  const sizes = SIZES.map((customers) => inputsWith({ customers }));
  const parts = [
    section('Capacity', [INTRODUCTION, answerTable(sizes, constants), SHORT], '#'),
    section('What was measured, and what was not', [MEASURED]),
    section('What breaks, and what to do', [BREAKS, limitsTable(sizes, constants), REMEDIES]),
    section('Storage', [storageTable(sizes, constants), STORAGE]),
    section('Dollars', [DOLLARS, pricePagesTable(), `Tiers, with their memory and price an hour: ${tiersLine()}.`]),
    section('With your own numbers', [OWN_NUMBERS, inputsTable(USAGE), inputsTable(SETUP), inputsTable(PRICES)]),
    section('Formulas and constants', [FORMULAS, constantsTable(constants)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const INTRODUCTION = `What a production system on Kafka, MongoDB and Kubernetes needs for a million, a hundred million and a billion customers, and what breaks first. Each customer has one change and four orders a year, the system is three years old, and the peak is ten times the mean: [all assumptions](#with-your-own-numbers) can be changed.`;

const SHORT = `Commands are not the problem: few customers change in the same second. **The log and the time to read it are.** It grows permanently, and \`replay\` and a first \`verify\` read all of it. Plan for these two first, then for MongoDB's memory.`;

const MEASURED = `- **Measured at a million customers:** commands/s, and the indexes of \`customer.accounts\`.
- **Measured with 2,000 to 200,000 documents or events, and multiplied:** all other constants. [Each has its command](#formulas-and-constants).
- **A hundred million and a billion were never run.** These columns are multiplication. Two digits are shown, and a factor of two is possible.
- **Not linear, and not in the formulas:** a lookup in an index that is not in memory; the lookup of keys during a rebuild, of which 200,000 are held in memory and the rest is on disk (measured with 50,000 people); merges of a temporary folder of terabytes.
- **Pessimistic:** one machine of 2 cores ran the clients, the services, Kafka and MongoDB, so consumers and rebuilds should be faster on servers of their own. Files of 2,000 documents have more free space than large ones.
- **Optimistic:** orders of two items. The CPU time of commands of orders, and the speed of a rebuild of orders, were not measured: those of accounts are taken.
- **Never tried:** sharding MongoDB, a topic of more than a few million events.`;

const BREAKS = `What the project and its manifests allow as they are, and what each size needs:`;

const REMEDIES = `- **The temporary folder of a rebuild** is an \`emptyDir\` of 2 GiB, in the Job that runs the command, too. Replace it in \`kubernetes/base/service-pod.yaml\` with a volume of the size above, before you need it. \`topics copy\` needs about 300 bytes an event there.
- **A rebuild that takes days.** A replay runs beside the services, which go on meanwhile. But after a restore of MongoDB, commands are refused until it has ended: *this is the longest outage that you must plan for.* Keep it rare: three members in three zones, and continuous backups, restored to the last second, after which the two agree or little is missing. \`replay --only states\` makes what commands need first, from the newest events, and \`--only histories\` the rest later, while commands are taken ([when](operations.md)). \`--workers 8\` divides the hours by almost 8 where the pod has 8 cores of its own and the topics have 8 partitions or more ([how](operations.md#the-log-and-mongodb)); measured were only two workers on two cores, which they filled. **A restored backup needs none of it:** \`replay --since-checkpoint\` reads what came after the last \`verify\` in the backup ([how](backup-and-restore.md)), so run \`verify --since-checkpoint\` every day. Beyond a hundred million customers, rehearse a whole replay with a copy first: \`replay --dry-run\` says how long it takes. Run a whole \`verify\` on a restored copy or at weekends.
- **Indexes that no longer fit in memory.** Lookups become disk reads, and commands slow down before anything fails: watch the cache in MongoDB's metrics. First give the two modules a cluster each (\`ACCOUNTS_MONGODB_URI\`, \`ORDERS_MONGODB_URI\`), then a larger tier, then shard.
- **Sharding** by \`_id\`: every command reads and writes one document by its id, so commands are targeted. Ids are ordered by time: hash \`_id\` of \`customer.accounts\`, \`customer.orders\`, \`customers\` and \`customer.keys\`, or all inserts go to one shard. **Lists are not targeted:** \`GET /accounts/customers\`, \`GET /orders\` and the orders of a customer ask every shard. **A replay ends sharding:** it fills new collections, which are not sharded, and renames them. [Which command shards which collection](sharding.md).
- **Partitions are fixed when a topic is created**, and a consumer group has no use for more pods than partitions. Set \`KAFKA_TOPIC_PARTITIONS\` before the first start to what you need in three years, and \`maxReplicas\` of the autoscalers with it. Later, [\`topics copy\`](operations.md#more-partitions) makes a new generation beside running services; it needs the space of the topic once more. How long it takes was not measured: it reads all events, writes them, and reads them again to compare. Kafka's own increase is refused.
- **Partitions of the brokers.** Both event topics, keys, erasures and the dead-letter topics have the same number of partitions, so a cluster has about eight times that number, times the replicas, and more during a copy. With the numbers above this is far below the limits of Kafka and of Confluent's cluster types, but they differ: look yours up.
- **The outbox** is a sparse index over documents with pending events: it is almost empty, whatever the number of customers. It grows while Kafka is away ([how much](#storage)), together with the documents. A customer with 1,000 pending events gets 503.
- **The start of a process** does not depend on the number of customers: it reads erasures, keys and events from its stored positions. With an empty database it refuses commands until a replay has ended.
- **Rotation of the master key** writes every document of \`customer.accounts\` and every record of the topic of keys again.`;

const STORAGE = `Collections: documents + indexes. MongoDB compresses documents; the formulas use what its files take.

- **The log never shrinks.** Erasing a person adds an event, and one for each of the person's orders, and destroys the key: the sealed events stay.
- **Compaction** concerns the topic of keys alone. It keeps one record of each person. A destroyed key is gone after about a day, its tombstone after 35. Between two compactions, and after a rotation of the master key, the topic is up to twice as large.
- **MongoDB's files do not shrink** after erasures or a replay; the space is used again. A replay needs space for a second copy of the module's collections, which *disk of a member* includes.
- **Batches decide the size of an event:** events that arrive singly take more than twice the space of those of a busy relay. The default assumes single ones, as most are at these rates. \`topics copy\` writes large batches, so a new generation is smaller.
- **Backups** of MongoDB must be of one moment, and are kept for at most 30 days ([why](backup-and-restore.md#keys-and-people-who-were-erased)). Kafka is backed up by its replicas, and by mirrors that you run: they hold sealed events, so they may be kept. The topic of keys is an exception: it may not be kept longer than 30 days either.`;

const DOLLARS = `List prices without discounts, support, traffic between zones, monitoring, the gateway's load balancer, a second environment, config servers of a sharded cluster, and backups: give their price with \`--backup\`. For Kafka or MongoDB of your own, take disks, memory and cores from the first table, and your own prices.

The price lists could not be opened when this was written. The figures are what others read there, or are from a copy of the page. **Check them before you decide anything**, and give your own:`;

const OWN_NUMBERS = `\`\`\`sh
node bench/capacity.mjs --customers 3e7 --orders-per-year 12 --years 5
node bench/capacity.mjs --write      # writes this page; npm run bench does so, too
\`\`\``;

const FORMULAS = `\`bench/capacity/model.mjs\` has the formulas. In short, with *b* for the measured bytes of one:

- customer events = customers × (1 + changes a year × years) + erased; order events = orders × (events of an order + erased share ÷ 2)
- log = customer events × *b* + order events × *b* + people × *b* of a key; × replicas; with room for a copy of the larger topic, ÷ share of the disk that is used
- MongoDB = for each collection, number × (bytes in the file + bytes of indexes); disk = (all + the larger module once more + oplog) ÷ share that is used
- memory of a member = (hot indexes + hot documents as BSON) ÷ share of the cache
- cores = peak × (CPU time of a command + reads × CPU time of a read) ÷ share of the CPU that is used
- partitions = 6, doubled until there are as many as pods, and as consumers that catch up an hour of the peak within an hour
- replay and verify = events ÷ events/s; orders reads the customers' events, too; since a checkpoint of the day before, aggregates ÷ customers/s + events of a day ÷ events/s

The constants are read from [performance](performance.md), which \`npm run bench\` measures:`;
