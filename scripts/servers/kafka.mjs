import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installKafka, java, kafkaClasspath, once, run } from './downloads.mjs';
import { escaped, PLAIN, quoted, SCRAM } from './security.mjs';

/** @typedef {import('./state.mjs').Node} Node */

/**
 * One node that is broker and controller. What a cluster replicates has as many copies as there are brokers, up to
 * three. A broker that was killed is not let in again before its session has ended, so the session is short.
 * @param {Node} node @param {Node[]} peers @param {string} data
 */
const properties = ({ id, ports: { kafka, controller } }, peers, data) => {
  const copies = Math.min(3, peers.length);
  const needed = Math.min(2, peers.length);
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${peers.map((peer) => `${peer.id}@127.0.0.1:${peer.ports.controller}`).join(',')}
listeners=PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${kafka}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(data, 'logs')}
num.partitions=6
auto.create.topics.enable=false
default.replication.factor=${copies}
min.insync.replicas=${needed}
offsets.topic.replication.factor=${copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${copies}
transaction.state.log.min.isr=${needed}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=${copies}
share.coordinator.state.topic.min.isr=${needed}
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`;
};

// Brokers here live shortly and share a small machine: quick to start instead of fast. Named as in Kafka's own scripts.
const quick = '-XX:+UseSerialGC -XX:TieredStopAtLevel=1';
/** @param {Node[]} peers */
const javaOptions = (peers) => [
  peers.length === 1 ? '-Xmx512m' : '-Xmx400m',
  ...(process.env['KAFKA_JVM_PERFORMANCE_OPTS'] ?? quick).split(' '),
];

/**
 * One more listener, as those of managed brokers are.
 * @param {Node} node @param {import('./security.mjs').Security} security
 */
const secureListener = ({ ports: { kafka, controller, kafkaTls } }, { certificate, user, password }) => {
  const login = `${PLAIN} required user_${user}=${quoted(password)};`;
  return `listeners=PLAINTEXT://127.0.0.1:${kafka},SECURE://127.0.0.1:${kafkaTls},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${kafka},SECURE://localhost:${kafkaTls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=${escaped(login)}
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=${certificate}
`;
};

/** @type {import('./node.mjs').Server} */
export const kafka = {
  label: 'Kafka 4.2.0',
  install: installKafka,
  signature: (home) => `kafka.Kafka ${join(home, 'server.properties')}`,

  async command(node, peers, secured) {
    const data = join(node.home, 'data');
    const scram = secured ? ['--add-scram', `SCRAM-SHA-512=[name=${SCRAM.user},password=${SCRAM.password}]`] : [];
    // Its own file: a format that outlives an interrupted start must not find the properties of the next one.
    await once(data, async (folder) => {
      const file = join(folder, 'format.properties');
      await writeFile(file, properties(node, peers, folder));
      const format = ['kafka.tools.StorageTool', 'format', '-t', node.clusterId, '-c', file, ...scram];
      await run(java, ...javaOptions(peers), '-cp', kafkaClasspath, ...format);
    });
    const file = join(node.home, 'server.properties');
    // Of a key that comes twice the later one counts.
    await writeFile(file, properties(node, peers, data) + (secured ? secureListener(node, secured) : ''));
    const logging = [
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
    ];
    const args = [...javaOptions(peers), ...logging, '-cp', kafkaClasspath, 'kafka.Kafka', file];
    return { file: java, args, env: process.env };
  },

  async answers({ id, port }) {
    const { Kafka, logLevel } = await import('kafkajs');
    const client = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      retry: { retries: 0 },
    });
    const admin = client.admin();
    try {
      await admin.connect();
      // A broker listens before the controller lets it in, and only then is it in the list.
      return (await admin.describeCluster()).brokers.some(({ nodeId }) => nodeId === id);
    } finally {
      await admin.disconnect();
    }
  },

  async form() {},
};
